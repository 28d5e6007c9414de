import { connectOpenAI, loadOpenAI, type ResponseItem } from './openai.ts'
import { connect, loadSdk, type Message, type SdkName } from './sdk.ts'
import { PIXEL } from './web-world.ts'

/** One that thinks where it is asked to, in both protocols and in every plan. */
export const MODEL = 'claude-haiku-4-5-20251001'

export type Way = 'whole' | 'stream'

/** A client that holds a conversation: what it says is heard with everything before it. */
export interface Speaker {
  /** @returns the answer, as the SDK has put it together */
  say (words: string, how: { way: Way, image?: boolean }): Promise<{ text: string, answer: object }>
}

export interface Place { url: string, token: string }

/** Every client that the tests know, by name. */
export const SPEAKERS: Record<string, (place: Place) => Promise<Speaker>> = {
  'the Anthropic SDK 0': (place) => anthropic('anthropic-sdk-0', place),
  'the Anthropic SDK 1': (place) => anthropic('anthropic-sdk-1', place),
  'the OpenAI SDK (chat completions)': chat,
  'the OpenAI SDK (responses)': responses
}

async function anthropic (name: SdkName, { url, token }: Place): Promise<Speaker> {
  const { messages: api } = connect(await loadSdk(name), url, token)
  const messages: object[] = []
  return {
    async say (text, { way, image = false }) {
      const picture = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }
      messages.push({ role: 'user', content: image ? [picture, { type: 'text', text }] : text })
      const body = { model: MODEL, max_tokens: 4_096, system: 'You are terse.', thinking: { type: 'enabled', budget_tokens: 1_024 }, messages: [...messages] }
      const answer = await (way === 'whole' ? api.create(body) : api.stream(body).finalMessage())
      messages.push({ role: 'assistant', content: answer.content })
      return { text: textOf(answer), answer }
    }
  }
}

function textOf ({ content }: Message): string {
  return content.map((block) => block.type === 'text' ? block.text : '').join('')
}

async function chat (place: Place): Promise<Speaker> {
  const { chat: { completions } } = connectOpenAI(await loadOpenAI(), place)
  const messages: object[] = [{ role: 'system', content: 'You are terse.' }]
  return {
    async say (text, { way, image = false }) {
      const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }
      messages.push({ role: 'user', content: image ? [picture, { type: 'text', text }] : text })
      const body = { model: MODEL, max_completion_tokens: 4_096, reasoning_effort: 'low', messages: [...messages] }
      const answer = await (way === 'whole'
        ? completions.create(body)
        : completions.stream({ ...body, stream_options: { include_usage: true } }).finalChatCompletion())
      const { message } = answer.choices[0]!
      messages.push(message)
      return { text: message.content ?? '', answer }
    }
  }
}

async function responses (place: Place): Promise<Speaker> {
  const { responses: api } = connectOpenAI(await loadOpenAI(), place)
  const input: Array<object | ResponseItem> = []
  return {
    async say (text, { way, image = false }) {
      const picture = { type: 'input_image', image_url: `data:image/png;base64,${PIXEL}` }
      input.push({ role: 'user', content: image ? [picture, { type: 'input_text', text }] : text })
      const body = {
        model: MODEL,
        instructions: 'You are terse.',
        max_output_tokens: 4_096,
        reasoning: { effort: 'low', summary: 'auto' },
        include: ['reasoning.encrypted_content'],
        store: false,
        input: [...input]
      }
      const answer = await (way === 'whole' ? api.create(body) : api.stream(body).finalResponse())
      input.push(...answer.output)
      const said = answer.output.flatMap(({ type, content }) => type === 'message' ? content! : []).map((part) => part.text ?? '').join('')
      return { text: said, answer }
    }
  }
}

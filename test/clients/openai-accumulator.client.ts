import fc from 'fast-check'
import t from 'tap'
import { ChatAnswer } from '../../src/translate/chat-answer.ts'
import { ChatStream } from '../../src/translate/chat-stream.ts'
import { ResponsesAnswer } from '../../src/translate/responses-answer.ts'
import { ResponsesStream } from '../../src/translate/responses-stream.ts'
import { Translator } from '../../src/translate/translator.ts'
import { chatContext, CREATED, responsesContext } from '../translate/helpers/streams.ts'
import { answers, bytesOf, type Answer } from './helpers/answers.ts'
import { loadOpenAI, type Client, type Completion, type Response as ResponseObject } from './helpers/openai.ts'

const OpenAI = await loadOpenAI()
const RUNS = { numRuns: 300 }

/** The SDK, given these bytes as its answer. */
function reading (bytes: Buffer): Client {
  const fetch = async () => new Response(new Uint8Array(bytes), { headers: { 'content-type': 'text/event-stream' } })
  return new OpenAI({ baseURL: 'http://127.0.0.1/v1', apiKey: 'made-up', maxRetries: 0, fetch } as ConstructorParameters<typeof OpenAI>[0])
}

function translated (translator: Translator, pieces: Buffer[]): Buffer {
  return Buffer.concat(pieces.map((piece) => translator.read(piece)))
}

/** What an answer says, in terms of a completion. */
function expected ({ blocks, stopReason, usage, explanation }: Answer): object {
  const joined = (kind: string) => blocks.filter((block) => block.kind === kind).map(({ text }) => text).join('')
  const calls = blocks.filter(({ kind }) => kind === 'tool_use')
  const finish = { end_turn: 'stop', stop_sequence: 'stop', max_tokens: 'length', refusal: 'content_filter', tool_use: calls.length === 0 ? 'stop' : 'tool_calls' }
  return {
    text: joined('text'),
    calls: calls.map(({ id, name, text }) => ({ id, name, arguments: text === '' ? '{}' : text })),
    finish: finish[stopReason],
    refusal: stopReason === 'refusal' ? explanation : null,
    usage: [usage.input + usage.read + usage.written, usage.output, usage.read]
  }
}

function saidByCompletion ({ choices: [choice], usage }: Completion): object {
  const { message, finish_reason: finish } = choice!
  return {
    text: message.content ?? '',
    calls: (message.tool_calls ?? []).map(({ id, function: { name, arguments: input } }) => ({ id, name, arguments: input })),
    finish,
    refusal: message.refusal ?? null,
    usage: [usage?.prompt_tokens, usage?.completion_tokens, usage?.prompt_tokens_details.cached_tokens]
  }
}

t.test('the SDK reads every Chat stream back to what was said', async () => {
  await fc.assert(fc.asyncProperty(answers, async (answer) => {
    const context = chatContext({ jsonTool: undefined, customTools: new Set() })
    const bytes = translated(new Translator(new ChatStream(context, CREATED), context), bytesOf(answer))
    const completion = await reading(bytes).chat.completions.stream({ model: 'gpt-5', messages: [] }).finalChatCompletion()
    same(saidByCompletion(completion), expected(answer))
  }), RUNS)
})

t.test('every whole Chat answer says what was said', async () => {
  await fc.assert(fc.asyncProperty(answers, async (answer) => {
    const context = chatContext({ jsonTool: undefined, customTools: new Set() })
    const bytes = translated(new Translator(new ChatAnswer(context, CREATED), context), bytesOf(answer))
    same(saidByCompletion(JSON.parse(bytes.toString()) as Completion), expected(answer))
  }), RUNS)
})

/** What an answer says, in terms of a response. */
function expectedOutput ({ blocks, stopReason, explanation }: Answer): object {
  const items = blocks.map(({ kind, text, id, name }) => {
    if (kind === 'text') return { type: 'message', text }
    return kind === 'thinking' ? { type: 'reasoning', text } : { type: 'function_call', id, name, text: text === '' ? '{}' : text }
  })
  const refusal = stopReason === 'refusal' ? [{ type: 'message', text: explanation }] : []
  return { status: stopReason === 'max_tokens' || stopReason === 'refusal' ? 'incomplete' : 'completed', items: [...items, ...refusal] }
}

function saidByResponse ({ status, output }: ResponseObject): object {
  return {
    status,
    items: output.map(({ type, content, summary, call_id: id, name, arguments: input }) => {
      if (type === 'message') return { type, text: content!.map(({ text, refusal }) => text ?? refusal).join('') }
      return type === 'reasoning' ? { type, text: summary!.map(({ text }) => text).join('') } : { type, id, name, text: input }
    })
  }
}

t.test('the SDK reads every Responses stream back to what was said', async () => {
  await fc.assert(fc.asyncProperty(answers, async (answer) => {
    const context = responsesContext({ jsonTool: undefined, customTools: new Set(), namespaced: new Map() })
    const bytes = translated(new Translator(new ResponsesStream(context, CREATED), context), bytesOf(answer))
    const response = await reading(bytes).responses.stream({ model: 'gpt-5', input: '' }).finalResponse()
    same(saidByResponse(response), expectedOutput(answer))
    const whole = translated(new Translator(new ResponsesAnswer(context, CREATED), context), bytesOf(answer))
    same(saidByResponse(JSON.parse(whole.toString()) as ResponseObject), expectedOutput(answer))
  }), RUNS)
})

t.test('the events of a Responses stream add up to its items', async () => {
  await fc.assert(fc.asyncProperty(answers, async (answer) => {
    const context = responsesContext({ jsonTool: undefined, customTools: new Set(), namespaced: new Map() })
    const bytes = translated(new Translator(new ResponsesStream(context, CREATED), context), bytesOf(answer))
    const deltas = new Map<number, string>()
    const done: unknown[] = []
    for await (const event of reading(bytes).responses.stream({ model: 'gpt-5', input: '' })) {
      const { type, output_index: index, delta, item } = event as { type: string, output_index?: number, delta?: string, item?: object }
      if (delta !== undefined && index !== undefined) deltas.set(index, (deltas.get(index) ?? '') + delta)
      if (type === 'response.output_item.done' && index !== undefined) done[index] = item
    }
    const items = (saidByResponse({ status: '', output: done } as ResponseObject) as { items: Array<{ text: string }> }).items
    for (const [index, { text }] of items.entries()) same(deltas.get(index) ?? '', text)
  }), RUNS)
})

function same (found: unknown, wanted: unknown): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)]
  if (one !== other) throw new Error(`found  ${one}\nwanted ${other}`)
}

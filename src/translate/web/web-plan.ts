import { isUtf8 } from 'node:buffer'
import { asArray, asObject, asOneOf, asString, invalid, missing, optionalBoolean } from '../fields.ts'
import type { Effort } from '../messages.ts'
import { afterAnswer, ConversationChain } from './conversation-chain.ts'
import { estimateTokens } from './token-estimate.ts'
import { rolesAsText, transcript } from './transcript.ts'
import { turnsOf, type Turn, type Turns } from './turns.ts'
import { webContent } from './web-blocks.ts'
import { ignoredParameters, refuseParameters } from './web-parameters.ts'
import { attachmentOf, type WebAttachment, type WebFile, type WebPart, type WebReading } from './web-parts.ts'

export type { WebAttachment, WebFile } from './web-parts.ts'

/** One message to claude.ai. */
export interface WebMessage { prompt: string, files: WebFile[], attachments: WebAttachment[] }

/** A Messages request, as claude.ai is asked it. */
export interface WebPlan {
  model: string
  stream: boolean
  stopSequences: string[]
  /** Parameters that have no effect here although they ask for one: in the order of the table, unknown ones behind. Safe in a header. */
  ignored: string[]
  /** The completion's `thinking_mode`, where the request asks for one. */
  thinkingMode: 'off' | 'auto' | 'extended' | undefined
  /** The completion's `effort`, where the request asks for one. */
  effort: Effort | undefined
  /** What is new since the last answer. */
  turn: WebMessage
  /** The whole request, for a conversation that begins: what came before stands in a transcript. */
  whole (): WebMessage
  /** Names the state of a conversation that holds everything before the new turn; null when there was no answer before. */
  before: string | null
  /** Names the state after the new turn and this answer. */
  after (answer: string): string
  /** Estimated tokens of the whole prompt. */
  inputTokens: number
}

/** Tokens of a file, where nobody tells how large the model sees it: an image of full size, or a page of a PDF. Source: Anthropic's vision page. */
const FILE_TOKENS = 1_600
const TRANSCRIPT_NAME = 'conversation.txt'

/**
 * Reads a Messages request for claude.ai. Base64 is decoded, and everything hashed, once.
 * @param body the bytes, or what was parsed from them; nothing of it checked
 * @param tokenId of the client's token: conversations of two tokens never share a name
 * @throws GatewayError 400 that names the field, why, and API mode as the way where that is one
 */
export function planWeb (body: Buffer | object, tokenId: string): WebPlan {
  const fields = asObject(Buffer.isBuffer(body) ? parsed(body) : body, 'body')
  refuseParameters(fields)
  const model = modelOf(fields['model'])
  const reading: WebReading = { ignored: new Set(), files: 0 }
  const system = systemOf(fields['system'], reading)
  const turns = turnsOf(fields['messages'], reading)
  const chain = new ConversationChain(tokenId, model, system).add(turns.earlier)
  const before = turns.earlier.length === 0 ? null : chain.state
  const now = chain.add(turns.fresh).state
  const turn = messageOf(turns.fresh)
  return {
    model,
    stream: optionalBoolean(fields['stream'], 'stream') ?? false,
    stopSequences: stopSequencesOf(fields['stop_sequences']),
    ignored: ignoredParameters(fields, reading.ignored),
    thinkingMode: thinkingModeOf(fields['thinking']),
    effort: effortOf(fields['output_config']),
    turn,
    whole: () => wholeOf(system, turns, turn),
    before,
    after: (answer) => afterAnswer(now, answer),
    inputTokens: tokensOf([...system, ...turns.earlier.flatMap(({ parts }) => parts), ...turns.fresh.flatMap(({ parts }) => parts)])
  }
}

function parsed (bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw invalid('body', 'is not valid UTF-8', 'Send JSON in UTF-8.', 'invalid_body')
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    throw invalid('body', 'is not valid JSON', 'Send a JSON object.', 'invalid_body')
  }
}

function modelOf (value: unknown): string {
  if (value === undefined || value === null || value === '') throw missing('model', 'Name a Claude model.')
  return asString(value, 'model')
}

function systemOf (value: unknown, reading: WebReading): WebPart[] {
  return value === undefined || value === null ? [] : webContent(value, 'system', 'system', reading)
}

/** The API refuses those of white space only, and an empty one would end every answer at once. */
function stopSequencesOf (value: unknown): string[] {
  if (value === undefined || value === null) return []
  return asArray(value, 'stop_sequences').map((item, index) => {
    const path = `stop_sequences.${index}`
    const stop = asString(item, path)
    if (stop.trim() === '') throw invalid(path, 'must hold more than white space', 'Leave it out.')
    return stop
  })
}

function thinkingModeOf (value: unknown): WebPlan['thinkingMode'] {
  if (value === undefined || value === null) return undefined
  const type = asOneOf(asObject(value, 'thinking')['type'], ['adaptive', 'enabled', 'disabled', 'between_tools'], 'thinking.type')
  if (type === 'enabled') return 'extended'
  return type === 'adaptive' ? 'auto' : 'off'
}

function effortOf (value: unknown): Effort | undefined {
  if (value === undefined || value === null) return undefined
  const effort = asObject(value, 'output_config')['effort']
  if (effort === undefined || effort === null) return undefined
  return asOneOf(effort, ['low', 'medium', 'high', 'xhigh', 'max'] as const, 'output_config.effort')
}

function messageOf (turns: readonly Turn[]): WebMessage {
  const parts = turns.flatMap(({ parts }) => parts)
  const onlyUsers = turns.every(({ role }) => role === 'user')
  const prompt = onlyUsers ? parts.flatMap((part) => part.kind === 'text' ? [part.text] : []).join('\n\n') : rolesAsText(turns)
  const attachments = parts.flatMap((part) => part.kind === 'document' ? [part.attachment] : [])
  return { prompt, files: filesOf(turns), attachments }
}

function wholeOf (system: readonly WebPart[], { earlier }: Turns, turn: WebMessage): WebMessage {
  if (system.length === 0 && earlier.length === 0) return turn
  const told = attachmentOf(TRANSCRIPT_NAME, transcript(system, earlier))
  return { prompt: turn.prompt, files: [...filesOf(earlier), ...turn.files], attachments: [told, ...turn.attachments] }
}

function filesOf (turns: readonly Turn[]): WebFile[] {
  return turns.flatMap(({ parts }) => parts.flatMap((part) => part.kind === 'file' ? [part.file] : []))
}

function tokensOf (parts: readonly WebPart[]): number {
  return parts.reduce((sum, part) => {
    if (part.kind === 'file') return sum + FILE_TOKENS
    return sum + estimateTokens(part.kind === 'text' ? part.text : part.attachment.extracted_content)
  }, 0)
}

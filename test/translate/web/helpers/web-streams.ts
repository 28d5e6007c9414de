import { readFileSync } from 'node:fs'
import { WebAnswer, type WebAnswerOptions } from '../../../../src/translate/web/web-answer.ts'
import { accumulate } from './accumulate.ts'

/** Streams of claude.ai that come to an end; test/fixtures/web holds them. */
export const WHOLE = [
  'messages', 'legacy', 'thinking', 'server-tools', 'interleaved', 'crlf', 'unicode', 'limits', 'retract', 'empty'
] as const
/** Those that do not. */
export const BROKEN = ['error', 'limit-error', 'legacy-error', 'cut-off'] as const
export type StreamName = typeof WHOLE[number] | typeof BROKEN[number]

export const OPTIONS: WebAnswerOptions = { id: 'msg_01madeup', model: 'claude-sonnet-5', stream: true, inputTokens: 25, stopSequences: [] }

export function stream (name: StreamName): Buffer {
  return readFileSync(new URL(`../../../fixtures/web/${name}.sse`, import.meta.url))
}

export function read (pieces: Iterable<Buffer>, changes: Partial<WebAnswerOptions> = {}): { answer: WebAnswer, told: string } {
  const answer = new WebAnswer({ ...OPTIONS, ...changes })
  const told: Buffer[] = []
  for (const piece of pieces) told.push(answer.read(piece))
  return { answer, told: Buffer.concat(told).toString() }
}

/** Everything that an answer can be asked for, and what the client got. */
export function allOf (pieces: Iterable<Buffer>, changes: Partial<WebAnswerOptions> = {}): string {
  const { answer, told } = read(pieces, changes)
  const { over, stopped, error, limit, assistantUuid, text, outputTokens } = answer
  return JSON.stringify({ over, stopped, error, limit, assistantUuid, text, outputTokens, told })
}

/** The message that a client makes of the stream. */
export function messageOf (bytes: Buffer | string, changes: Partial<WebAnswerOptions> = {}): ReturnType<typeof accumulate> {
  return accumulate(read([Buffer.from(bytes)], changes).told)
}

/** One event, as claude.ai writes it. */
export function event (type: string, fields: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}

/** A whole stream with one text block for each list of pieces. */
export function textStream (...blocks: string[][]): string {
  const told = blocks.map((pieces, index) => event('content_block_start', { index, content_block: { type: 'text', text: '', citations: [] } }) +
    pieces.map((text) => event('content_block_delta', { index, delta: { type: 'text_delta', text } })).join('') + event('content_block_stop', { index }))
  return START + told.join('') + END
}

export const START = event('message_start', { message: { id: 'chatcompl_01', model: '', uuid: '00000000-0000-4000-8000-000000000002', content: [] } })
export const END = event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null } }) + event('message_stop')

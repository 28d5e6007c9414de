import { readFileSync } from 'node:fs'
import { ChatAnswer } from '../../../src/translate/chat-answer.ts'
import type { ChatContext } from '../../../src/translate/chat-context.ts'
import { ChatStream } from '../../../src/translate/chat-stream.ts'
import { ResponsesAnswer } from '../../../src/translate/responses-answer.ts'
import type { ResponsesContext } from '../../../src/translate/responses-context.ts'
import { ResponsesStream } from '../../../src/translate/responses-stream.ts'
import { Translator } from '../../../src/translate/translator.ts'

export const CREATED = 1_780_000_000

/** What each stream of the Messages protocol in test/fixtures/streams holds is told by its name. */
export const STREAMS = ['text', 'thinking', 'tools', 'custom-tool', 'json-tool', 'refusal', 'cut-off', 'empty', 'odd', 'error'] as const

export function stream (name: typeof STREAMS[number]): Buffer {
  return readFileSync(new URL(`../../fixtures/streams/${name}.sse`, import.meta.url))
}

export function chatContext (changes: Partial<ChatContext> = {}): ChatContext {
  return { model: 'gpt-5', stream: true, includeUsage: true, jsonTool: 'json', customTools: new Set(['patch']), legacyFunctions: false, ...changes }
}

export function responsesContext (changes: Partial<ResponsesContext> = {}): ResponsesContext {
  return {
    stream: true,
    upstreamModel: 'claude-sonnet-5-5',
    echo: '"model":"gpt-5","tools":[]',
    encrypted: true,
    jsonTool: 'json',
    customTools: new Set(['patch']),
    namespaced: new Map([['get_time', { namespace: 'clock', name: 'time' }]]),
    ...changes
  }
}

/** A fresh translator of each kind. */
export const TRANSLATORS: Record<string, () => Translator> = {
  'a Chat stream': () => new Translator(new ChatStream(chatContext(), CREATED), chatContext()),
  'a Chat answer': () => new Translator(new ChatAnswer(chatContext(), CREATED), chatContext()),
  'a Responses stream': () => new Translator(new ResponsesStream(responsesContext(), CREATED), responsesContext()),
  'a Responses answer': () => new Translator(new ResponsesAnswer(responsesContext(), CREATED), responsesContext())
}

/** Everything that a translator makes of some pieces, and the error with which it ended, if it did. */
export function translated (translator: Translator, pieces: Iterable<Buffer>): string {
  const told: Buffer[] = []
  for (const piece of pieces) told.push(translator.read(piece))
  return Buffer.concat(told).toString() + (translator.error === null ? '' : `\nerror: ${JSON.stringify(translator.error)}`)
}

/** The data of each event: parsed, or the text where it is no JSON. */
export function eventsIn<Event> (text: string): Event[] {
  return text.split('\n\n').slice(0, -1).map((event) => {
    const data = event.split('\n').find((line) => line.startsWith('data: '))!.slice(6)
    return (data === '[DONE]' ? data : JSON.parse(data)) as Event
  })
}

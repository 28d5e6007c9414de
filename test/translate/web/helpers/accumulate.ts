import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { parseEvents } from '../../../helpers/sse.ts'

type Fields = Record<string, unknown>
interface Block { type: string, text?: string, thinking?: string, signature?: string }
export interface Accumulated {
  message: Fields & { content: Block[], stop_reason: string, stop_sequence: string | null, usage: Fields }
  /** How often `ping` came. */
  pings: number
}

const MESSAGE_KEYS = ['id', 'type', 'role', 'model', 'content', 'stop_reason', 'stop_sequence', 'stop_details', 'usage']
const START_USAGE = [
  'input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens', 'cache_creation', 'output_tokens', 'service_tier'
]
const END_USAGE = [
  'input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens', 'output_tokens', 'output_tokens_details', 'server_tool_use'
]
const BLOCK_KEYS: Record<string, string[]> = { text: ['type', 'text'], thinking: ['type', 'thinking', 'signature'] }
/** The field of a block that a delta adds to, and the block's type. */
const DELTAS: Record<string, ['text' | 'thinking' | 'signature', string]> = {
  text_delta: ['text', 'text'], thinking_delta: ['thinking', 'thinking'], signature_delta: ['signature', 'thinking']
}

/**
 * Reads a stream as a strict client would: the exact keys of every event, blocks numbered without gaps, deltas only for open blocks of their type,
 * all blocks closed before the end, and nothing behind it. Source: `@anthropic-ai/sdk` 1.12, `MessageStream`. @throws AssertionError
 */
export function accumulate (told: string): Accumulated {
  const events = parseEvents(told).map(({ event, data }) => {
    const parsed = JSON.parse(data) as Fields
    equal(parsed['type'], event, 'every event has its name')
    return parsed
  })
  const [start, ...others] = events
  const state = new Accumulator(start)
  for (const event of others) state.read(event)
  ok(state.ended, 'the end is told')
  return { message: state.message as Accumulated['message'], pings: state.pings }
}

class Accumulator {
  readonly message: Fields & { content: Block[] }
  readonly #open = new Set<unknown>()
  pings = 0
  ended = false
  #ending = false

  constructor (start: Fields | undefined) {
    keys(start, ['type', 'message'])
    equal(start?.['type'], 'message_start')
    this.message = structuredClone(start!['message']) as Fields & { content: Block[] }
    keys(this.message, MESSAGE_KEYS)
    keys(this.message['usage'], START_USAGE)
    deepStrictEqual([this.message.content, this.message['stop_reason'], this.message['stop_sequence']], [[], null, null])
    equal((this.message['usage'] as Fields)['output_tokens'], 1)
  }

  read (event: Fields): void {
    ok(!this.ended, 'nothing is told after the end')
    const type = event['type'] as string
    if (type !== 'message_stop') ok(!this.#ending, 'nothing but message_stop behind message_delta')
    switch (type) {
      case 'ping':
        keys(event, ['type'])
        this.pings++
        return
      case 'content_block_start': return this.#start(event)
      case 'content_block_delta': return this.#delta(event)
      case 'content_block_stop':
        keys(event, ['type', 'index'])
        ok(this.#open.delete(event['index']), 'an open block ends')
        return
      case 'message_delta': return this.#end(event)
      case 'message_stop':
        keys(event, ['type'])
        ok(this.#ending, 'message_delta comes before message_stop')
        this.ended = true
        return
    }
    throw new Error(`no event of the protocol: ${type}`)
  }

  #start (event: Fields): void {
    keys(event, ['type', 'index', 'content_block'])
    const block = event['content_block'] as Block
    keys(block, BLOCK_KEYS[block.type] ?? [])
    equal(event['index'], this.message.content.length, 'no gaps')
    this.#open.add(event['index'])
    this.message.content.push({ ...block })
  }

  #delta (event: Fields): void {
    keys(event, ['type', 'index', 'delta'])
    ok(this.#open.has(event['index']), 'a delta is of an open block')
    const delta = event['delta'] as Fields
    const [field, type] = DELTAS[delta['type'] as string]!
    keys(delta, ['type', field])
    const block = this.message.content[event['index'] as number]!
    equal(block.type, type)
    block[field] += delta[field] as string
  }

  #end (event: Fields): void {
    keys(event, ['type', 'delta', 'usage'])
    keys(event['delta'], ['stop_reason', 'stop_sequence', 'stop_details'])
    keys(event['usage'], END_USAGE)
    equal(this.#open.size, 0, 'all blocks are closed')
    Object.assign(this.message, event['delta'])
    this.message['usage'] = { ...this.message['usage'] as Fields, ...event['usage'] as Fields }
    this.#ending = true
  }
}

function keys (value: unknown, expected: string[]): void {
  deepStrictEqual(Object.keys(value as object).sort(), [...expected].sort())
}

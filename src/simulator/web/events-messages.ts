import { event } from '../events.ts'
import { piecesOf } from '../pieces.ts'
import type { SearchPart, WebPart } from './saying.ts'
import { messageLimit, type Turn } from './turn.ts'

/** A block with all its deltas, in the order in which they come. */
interface Block { start: object, deltas: Iterable<object> }

/**
 * The answer in the newer style, which looks like the public stream and is none: no usage anywhere, ids and fields of its own, the site's tools
 * inside it, and events that the public stream lacks. The events are made as they are taken.
 * Source: captures of March to August 2026; the citation deltas' fields are from memory.
 */
export function * messagesEvents (turn: Turn): Generator<string> {
  if (turn.first) yield event({ type: 'conversation_ready' })
  yield messageStart(turn)
  if (turn.extras) yield * before(turn)
  let index = 0
  for (const part of turn.parts) {
    for (const block of blocksOf(part, turn)) {
      yield * blockEvents(turn, index, block)
      index++
    }
  }
  if (turn.extras) yield * after(index)
  yield event({ type: 'message_delta', delta: { stop_reason: turn.stopReason, stop_sequence: null, stop_details: null } })
  yield event({ type: 'message_limit', message_limit: messageLimit(turn) })
  yield event({ type: 'message_stop' })
}

/** The model's name is only in a conversation's first answer. */
function messageStart ({ id, model, first, parentUuid, uuid, traceId, requestId }: Turn): string {
  return event({
    type: 'message_start',
    message: {
      id,
      type: 'message',
      role: 'assistant',
      model: first ? model : '',
      parent_uuid: parentUuid,
      uuid,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      trace_id: traceId,
      request_id: requestId
    }
  })
}

function * before ({ model }: Turn): Generator<string> {
  yield event({ type: 'model_update', model })
  yield event({ type: 'model_fallback', model, reason: 'none' })
  yield event({ type: 'cache_performance', cache_hit: false, cached_tokens: 0 })
  yield event({ type: 'compaction_status', status: 'not_needed' })
}

function * after (index: number): Generator<string> {
  yield event({ type: 'tool_approval', approval_key: null })
  yield event({ type: 'content_block_retract', index, reason: 'none' })
}

function * blockEvents ({ clock }: Turn, index: number, { start, deltas }: Block): Generator<string> {
  const times = { start_timestamp: stamp(clock()), stop_timestamp: null, flags: null }
  yield event({ type: 'content_block_start', index, content_block: { ...times, ...start } })
  if (index === 0) yield event({ type: 'ping' })
  for (const delta of deltas) yield event({ type: 'content_block_delta', index, delta })
  yield event({ type: 'content_block_stop', index, stop_timestamp: stamp(clock()) })
}

function blocksOf (part: WebPart, turn: Turn): Block[] {
  switch (part.type) {
    case 'thinking': return [{
      start: { type: 'thinking', thinking: '', summaries: [], cut_off: false },
      deltas: thinkingDeltas(part.pieces)
    }]
    case 'text': return [{ start: { type: 'text', text: '', citations: [] }, deltas: textDeltas(part.pieces, turn) }]
    case 'search': return [searchCall(part), searchResult(part)]
  }
}

function * thinkingDeltas (pieces: string[]): Generator<object> {
  for (const piece of pieces) yield { type: 'thinking_delta', thinking: piece }
  yield { type: 'thinking_summary_delta', summary: { summary: 'Thought about what was written' } }
}

/** What comes behind a search cites it. */
function * textDeltas (pieces: string[], { parts, said }: Turn): Generator<object> {
  const search = parts.find((part) => part.type === 'search')
  const cites = search !== undefined && pieces === parts.findLast((part) => part.type === 'text')?.pieces
  const uuid = `cite_${search?.id}`
  if (cites) yield { type: 'citation_start_delta', citation: { uuid, title: search.results[0]?.title, url: search.results[0]?.url, start_index: 0, end_index: null } }
  for (const piece of pieces) {
    said(piece)
    yield { type: 'text_delta', text: piece }
  }
  if (cites) yield { type: 'citation_end_delta', citation_uuid: uuid }
}

function searchCall ({ id, query }: SearchPart): Block {
  const tool = { id, name: 'web_search', input: {}, message: 'Searching the web', integration_name: null, approval_options: null }
  const update = { type: 'tool_use_block_update_delta', message: 'Searched the web', display_content: null }
  return { start: { type: 'tool_use', ...tool }, deltas: [...jsonDeltas({ query }), update] }
}

function searchResult ({ id, results }: SearchPart): Block {
  const start = { type: 'tool_result', tool_use_id: id, name: 'web_search', content: [], is_error: false, message: null }
  return { start, deltas: jsonDeltas(results) }
}

const jsonDeltas = (value: object): object[] =>
  ['', ...piecesOf(JSON.stringify(value))].map((piece) => ({ type: 'input_json_delta', partial_json: piece }))

const stamp = (time: number): string => new Date(time).toISOString().replace('Z', '000Z')

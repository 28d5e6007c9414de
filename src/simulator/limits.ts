import { firstUnits } from './pieces.ts'
import type { Draft, MessagesRequest, Part } from './types.ts'

/** Ends the parts where the request's stop sequences and `max_tokens` say so, whichever comes first. */
export function limited (parts: Part[], request: Pick<MessagesRequest, 'max_tokens' | 'stop_sequences'>): Draft {
  const stopped = stopAt(parts, request.stop_sequences ?? [])
  const kept: Part[] = []
  let left = request.max_tokens
  for (const part of stopped.parts) {
    if (part.tokens > left) return { parts: [...kept, ...shortened(part, left)], stopReason: 'max_tokens', stopSequence: null }
    left -= part.tokens
    kept.push(part)
  }
  // A model that may say nothing at all has still been stopped by the limit.
  return request.max_tokens === 0 ? { parts: [], stopReason: 'max_tokens', stopSequence: null } : { ...stopped, parts: kept }
}

/** What fits of a part. Half a tool's input would be no JSON, so that goes as a whole. */
function shortened (part: Part, tokens: number): Part[] {
  if (tokens === 0 || part.type === 'tool_use') return []
  return [{ ...part, tokens, pieces: part.pieces.slice(0, tokens) }]
}

function stopAt (parts: Part[], sequences: string[]): Draft {
  for (const [index, part] of parts.entries()) {
    const hit = part.type === 'text' ? firstHit(part.pieces.join(''), sequences) : undefined
    if (hit === undefined) continue
    const pieces = firstUnits(part.pieces, hit.at)
    return { parts: [...parts.slice(0, index), { ...part, pieces, tokens: pieces.length } as Part], stopReason: 'stop_sequence', stopSequence: hit.sequence }
  }
  const calls = parts.some(({ type }) => type === 'tool_use')
  return { parts, stopReason: calls ? 'tool_use' : 'end_turn', stopSequence: null }
}

function firstHit (text: string, sequences: string[]): { at: number, sequence: string } | undefined {
  return sequences
    .map((sequence) => ({ at: text.indexOf(sequence), sequence }))
    .filter(({ at }) => at !== -1)
    .sort((one, other) => one.at - other.at)[0]
}

import { obeyed, textPart, thoughts } from '../answer.ts'
import { limited } from '../limits.ts'
import type { Ids } from '../ids.ts'
import type { Model } from '../models.ts'
import { excerpt, piecesOf } from '../pieces.ts'
import type { MessagesRequest, Part } from '../types.ts'
import type { ChatMessage } from './conversations.ts'

/** A search that the site runs inside the stream: a call of a tool and its result, which no client is asked for. */
export interface SearchPart { type: 'search', id: string, query: string, results: SearchResult[] }

export interface SearchResult { type: 'knowledge', title: string, url: string, text: string, is_missing: false }

export type WebPart = Exclude<Part, { type: 'tool_use' }> | SearchPart

export interface Saying {
  parts: WebPart[]
  stopReason: 'end_turn' | 'max_tokens'
}

export interface SayingOptions {
  model: Model
  thinking: boolean
  ids: Ids
}

/** Where a turn begins in a transcript, in any of the usual forms: `Human: `, `[User]`, `## User` on a line, `===== human =====`, … */
const TURN = turnOf('<', 'human|user', 'gi')
const ANY_TURN = turnOf('</?', 'human|user|assistant|system', 'i')
/** A line between two rules that names something else than a turn, such as an attached file. */
const SECTION = /\n={5,} [^\n]* ={5,}(?=\n|$)/
const RECALL = /\brecall turn (\d+)\b/i
const SEARCH = /\bsearch (?:the web )?for ([^\n]+)/i

/**
 * What claude.ai says to the last turn of a branch. The same branch always gets the same words; they prove what of it arrived:
 * - `say X`, `count to N`, `write N kilobytes` → as the API's model answers them
 * - `recall turn N` → the words of the user's Nth turn; those of an attached transcript count, and so does the prompt beside it
 * - `search for X` → a search inside the stream, and an answer that cites it
 * - `stop at N tokens`, beside any of these → it ends there, with `max_tokens`
 * - anything else, such as `what have you seen?` → an echo, and how many turns, attachments, files and bytes were seen
 */
export function sayTo (branch: ChatMessage[], { model, thinking, ids }: SayingOptions): Saying {
  const words = wordsOf(branch.at(-1)!)
  const request: MessagesRequest = {
    model: model.id,
    max_tokens: Number(/\bstop at (\d+) tokens?\b/i.exec(words)?.[1] ?? Infinity),
    messages: [{ role: 'user', content: words }],
    ...thinking && { thinking: { type: 'enabled', display: 'summarized' } }
  }
  const search = RECALL.test(words) ? undefined : SEARCH.exec(words)?.[1]
  const text = textPart(search === undefined ? reply(branch, words) : piecesOf(`I found one page about “${excerpt(search, 120)}”.`))
  const { parts, stopReason } = limited([...thoughts(request, model, { text: words, results: [] }), text], request)
  const plain = parts.filter((part) => part.type !== 'tool_use')
  return { parts: search === undefined ? plain : withSearch(plain, search, ids), stopReason: stopReason === 'max_tokens' ? 'max_tokens' : 'end_turn' }
}

/**
 * What a turn asks for: its prompt, or the last turn of a transcript attached to it; of several, the first that holds a wish.
 */
export function wordsOf ({ text, attachments }: Pick<ChatMessage, 'text' | 'attachments'>): string {
  const candidates = [lastTurn(text), ...attachments.map(({ extracted_content: content }) => lastTurn(content))].filter((words) => words !== '')
  return candidates.find(isWish) ?? candidates[0] ?? ''
}

const isWish = (words: string): boolean => RECALL.test(words) || SEARCH.test(words) || obeyed(words) !== undefined

const lastTurn = (transcript: string): string => turnsIn(transcript).at(-1) ?? transcript

/** The user's turns in a transcript; none in a text that is no transcript. */
function turnsIn (transcript: string): string[] {
  return [...transcript.matchAll(TURN)].map((start) => transcript.slice(start.index + start[0].length).split(ANY_TURN)[0]!.split(SECTION)[0]!.trim())
}

function turnOf (tag: string, roles: string, flags: string): RegExp {
  const ruled = `={5,} (?:${roles})(?: [\\da-f]{32})? ={5,}`
  const marked = `[^\\S\\n]*(?:#+ ?|\\[|${tag}|\\*\\*)?(?:${roles})\\b(?: \\d+)?[^\\S\\n]*(?:[\\]>*:]+|(?=\\n|$))`
  return new RegExp(`(?:^|\\n)(?:${ruled}|${marked})\\s*`, flags)
}

function reply (branch: ChatMessage[], words: string): string[] {
  const turns = branch.filter(({ sender }) => sender === 'human')
  const recalled = RECALL.exec(words)?.[1]
  if (recalled === undefined) return obeyed(words) ?? piecesOf(`You wrote: “${excerpt(words, 120)}” 👋 ${report(turns)}`)
  const turn = turns.flatMap(saidIn).filter((said) => said !== '')[Number(recalled) - 1]
  return piecesOf(turn === undefined ? `There was no turn ${recalled}.` : `Turn ${recalled} was: “${excerpt(turn, 2_000)}”`)
}

/** All that a message holds of the user's words, turn by turn: attached transcripts, then the prompt. */
function saidIn ({ text, attachments }: ChatMessage): string[] {
  const prompt = turnsIn(text)
  return [...attachments.flatMap(({ extracted_content: content }) => turnsIn(content)), ...prompt.length > 0 ? prompt : [text]]
}

function report (turns: ChatMessage[]): string {
  const attachments = turns.flatMap((turn) => turn.attachments)
  const files = turns.flatMap((turn) => turn.files)
  const bytes = [...turns.map(({ text }) => text), ...attachments.map(({ extracted_content: content }) => content)]
    .reduce((total, text) => total + Buffer.byteLength(text), 0)
  return `I have seen ${turns.length} turns, ${attachments.length} attachments, ${files.length} files and ${bytes} bytes of text.`
}

/** Puts the search before the words, with some words before it as the site has them. */
function withSearch (parts: WebPart[], query: string, ids: Ids): WebPart[] {
  const pieces = piecesOf('Let me look that up.')
  const result: SearchResult = {
    type: 'knowledge', title: `All about ${query}`, url: 'https://example.com/made-up', text: `A made-up page about ${query}.`, is_missing: false
  }
  const search: WebPart[] = [{ type: 'text', pieces, tokens: pieces.length }, { type: 'search', id: ids.toolUse(), query, results: [result] }]
  const place = parts.findIndex(({ type }) => type === 'text')
  return parts.toSpliced(place === -1 ? parts.length : place, 0, ...search)
}

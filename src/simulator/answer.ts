import { createHash } from 'node:crypto'
import { limited } from './limits.ts'
import { excerpt, piecesOf } from './pieces.ts'
import { contentText, readPrompt, readWishes, type Prompt, type Wish } from './prompt.ts'
import { sampleOf } from './sample.ts'
import type { Ids } from './ids.ts'
import type { Model } from './models.ts'
import type { Draft, MessagesRequest, Part } from './types.ts'

/** More deltas than this from one prompt would only fill memory. */
const MOST_PIECES = 1_000_000

/**
 * What the model says to a request. The same request always gets the same words:
 * - `say X` → X
 * - `count to N` → the numbers in exactly N text deltas, thus N + 6 events
 * - `write N kilobytes` → N text deltas of 1,024 characters each
 * - `use the NAME tool`, also with an input: `use the Bash tool with {"command":"echo hello"}` → a call of that tool, if it is offered
 * - tool results → their text, quoted
 * - `output_config.format` → JSON that fits the schema
 */
export function draftAnswer (request: MessagesRequest, model: Model, ids: Ids): Draft {
  const prompt = readPrompt(request)
  return limited([...thoughts(request, model, prompt), ...toolTurn(request, prompt, ids) ?? [textPart(wording(request, prompt))]], request)
}

/** The thinking before an answer, where the request wants any. */
export function thoughts ({ thinking }: MessagesRequest, model: Model, { text }: Prompt): Part[] {
  if (thinking?.type !== 'enabled' && thinking?.type !== 'adaptive') return []
  const thought = `The user wrote “${excerpt(text, 80)}”. That is plain enough, so I can answer at once.`
  const hidden = (thinking.display ?? (model.hidesThinking ? 'omitted' : 'summarized')) === 'omitted'
  const pieces = piecesOf(thought)
  const digest = createHash('sha512').update(`${model.id}\n${thought}`).digest()
  const signature = Buffer.concat([digest, digest.toReversed()]).toString('base64')
  return [{ type: 'thinking', pieces: hidden ? [] : pieces, tokens: pieces.length, signature }]
}

/** A turn that calls tools, when the prompt asks for one that is offered or the request leaves no other way. */
function toolTurn (request: MessagesRequest, prompt: Prompt, ids: Ids): Part[] | undefined {
  const forced = request.tool_choice?.type === 'any' || request.tool_choice?.type === 'tool'
  if (prompt.results.length > 0 && !forced) return undefined
  const wishes = request.tool_choice?.disable_parallel_tool_use ? wanted(request, prompt).slice(0, 1) : wanted(request, prompt)
  if (wishes.length === 0) return undefined
  const calls = wishes.map((wish) => callPart(wish, ids))
  return forced ? calls : [textPart(piecesOf(`I'll use ${wishes.map(({ tool }) => tool.name).join(' and ')}.`)), ...calls]
}

function wanted ({ tools = [], tool_choice: choice }: MessagesRequest, { text }: Prompt): Wish[] {
  const wishes = choice?.type === 'none' ? [] : readWishes(text, tools)
  const only = choice?.type === 'tool' ? tools.find(({ name }) => name === choice.name) : undefined
  if (only !== undefined) return [wishes.find(({ tool }) => tool === only) ?? { tool: only, input: undefined }]
  const any = choice?.type === 'any' && wishes.length === 0 ? tools[0] : undefined
  return any === undefined ? wishes : [{ tool: any, input: undefined }]
}

/** The real API's first delta of an input is empty; an input without properties has no other. */
function callPart ({ tool, input = sampleOf(tool.input_schema ?? {}) as object | null ?? {} }: Wish, ids: Ids): Part {
  const json = JSON.stringify(input)
  const pieces = ['', ...json === '{}' ? [] : piecesOf(json)]
  return { type: 'tool_use', pieces, tokens: pieces.length, id: ids.toolUse(), name: tool.name, input }
}

export const textPart = (pieces: string[]): Part => ({ type: 'text', pieces, tokens: pieces.length })

/** The words of an answer without tools, as the deltas that they are streamed in. */
function wording (request: MessagesRequest, { text, results }: Prompt): string[] {
  if (results.length > 0) {
    const told = results.map((result) => `${result.is_error ? 'The tool failed' : 'The tool answered'}: ${excerpt(contentText(result.content), 2_000)}`)
    return piecesOf(told.join('\n'))
  }
  const format = request.output_config?.format
  if (format?.type === 'json_schema') return piecesOf(JSON.stringify(sampleOf(format.schema, true)))
  return obeyed(text) ?? piecesOf(greeting(text))
}

/** What the prompt says to say, to write or to count, as deltas; nothing when it says no such thing. */
export function obeyed (text: string): string[] | undefined {
  const said = /^(?:please )?say[ :]+([\s\S]+)$/im.exec(text)?.[1]
  if (said !== undefined) return piecesOf(said.replace(/^(["'“])([\s\S]*)["'”]$/, '$2'))
  const kilobytes = amount(/\bwrite (\d+) kilobytes?\b/i, text)
  if (kilobytes !== undefined) return Array<string>(kilobytes).fill('x'.repeat(1_024))
  const count = amount(/\bcount (?:to )?(\d+)\b/i, text)
  return count === undefined ? undefined : Array.from({ length: count }, (_, index) => index === 0 ? '1' : ` ${index + 1}`)
}

function amount (pattern: RegExp, text: string): number | undefined {
  const digits = pattern.exec(text)?.[1]
  return digits === undefined ? undefined : Math.min(Number(digits), MOST_PIECES)
}

function greeting (text: string): string {
  if (text === '') return 'Hello! How can I help you today? 👋'
  return `Hello! 👋 You wrote: “${excerpt(text, 120)}” I am a simulated Claude and know no more than that, ` +
    'but I can “say” something, “count to 10” or “use the … tool” — as you like.'
}

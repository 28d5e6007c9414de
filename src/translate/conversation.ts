import type { Block, Message, TextBlock, ToolResultBlock } from './messages.ts'
import { invalid } from './fields.ts'

/** One message of a client, in its order, with its path for a 400 about it. */
export interface Entry { role: Message['role'], blocks: Block[], path: string }

/** The ids of the last turn of the model: as the client has them, and as they are sent. */
type Calls = Map<string, string>

/** Every id that is taken, with the number that the next to want it is given. */
type UsedIds = Map<string, number>

const NO_RESULT = 'There is no result of this call: it was cancelled, or its result was lost.'

/**
 * Messages in the order that the upstream wants them: roles in turn, beginning and ending with the user, and after each turn of the model
 * that calls tools a user message that begins with exactly one result for every call.
 * @param system the text that stands before the conversation; where nothing else is there, it is what is asked
 * @param path of the list that the entries come from, for a 400 about it
 */
export function arrange (entries: readonly Entry[], system: TextBlock[], path: string): { messages: Message[], system: TextBlock[] } {
  const messages: Message[] = []
  const used: UsedIds = new Map()
  let calls: Calls = new Map()
  for (const run of runsOf(entries)) {
    if (run[0]?.role === 'assistant') {
      calls = new Map()
      append(messages, 'assistant', withoutLooseThinking(run.flatMap((entry) => renameCalls(entry, calls, used))))
    } else {
      appendAnswer(messages, run, calls)
      calls = new Map()
    }
  }
  if (calls.size > 0) appendAnswer(messages, [], calls)
  return closed(messages, system, path)
}

/** Splits into runs of the model and runs of everybody else. An entry without blocks says nothing, and parts no run. */
function runsOf (entries: readonly Entry[]): Entry[][] {
  const runs: Entry[][] = []
  for (const entry of entries) {
    if (entry.blocks.length === 0) continue
    const run = runs.at(-1)
    if (run !== undefined && (run[0]?.role === 'assistant') === (entry.role === 'assistant')) run.push(entry)
    else runs.push([entry])
  }
  return runs
}

/** Some clients count their calls anew in every turn; the upstream wants every id once in a conversation. */
function renameCalls ({ blocks, path }: Entry, calls: Calls, used: UsedIds): Block[] {
  return blocks.map((block) => {
    if (block.type !== 'tool_use') return block
    if (calls.has(block.id)) throw invalid(path, `has two calls of the id ${JSON.stringify(block.id)}`, 'Give each call its own id.')
    const id = freeId(block.id, used)
    calls.set(block.id, id)
    return id === block.id ? block : { ...block, id }
  })
}

/** Goes on counting where it left off: with the same id in every turn, a count from the start would grow with the square of the turns. */
function freeId (wanted: string, used: UsedIds): string {
  let count = used.get(wanted) ?? 1
  let id = wanted
  while (used.has(id)) id = `${wanted}_${++count}`
  used.set(wanted, count)
  used.set(id, used.get(id) ?? 1)
  return id
}

/** The upstream takes no turn of the model that ends with a thought. */
function withoutLooseThinking (blocks: Block[]): Block[] {
  const end = blocks.findLastIndex(({ type }) => type !== 'thinking' && type !== 'redacted_thinking')
  return blocks.slice(0, end + 1)
}

function appendAnswer (messages: Message[], run: Entry[], calls: Calls): void {
  append(messages, 'user', resultsOf(run, calls))
  for (const { role, blocks } of run) append(messages, role, blocks.filter(({ type }) => type !== 'tool_result'))
}

/** One result for every call, in the order of the calls; of several for one call the last counts. */
function resultsOf (run: Entry[], calls: Calls): ToolResultBlock[] {
  const results = new Map<string, ToolResultBlock>()
  for (const { blocks, path } of run) {
    for (const block of blocks) {
      if (block.type !== 'tool_result') continue
      if (!calls.has(block.tool_use_id)) {
        throw invalid(path, 'answers no call of the turn before it', 'Send the call before it, or leave this one out.')
      }
      results.set(block.tool_use_id, block)
    }
  }
  return [...calls].map(([theirs, ours]) => ({
    ...results.get(theirs) ?? { type: 'tool_result', content: NO_RESULT, is_error: true }, tool_use_id: ours
  }))
}

function append (messages: Message[], role: Message['role'], blocks: Block[]): void {
  if (blocks.length === 0) return
  const last = messages.at(-1)
  if (last?.role !== role) messages.push({ role, content: [...blocks] })
  // One by one: there may be more blocks than a call takes arguments, and a copy each time would grow with the square of the messages.
  else for (const block of blocks) last.content.push(block)
}

/** The upstream takes neither a conversation that begins with the model nor, since 4.6, one that ends with it; nor one without a user. */
function closed (messages: Message[], system: TextBlock[], path: string): { messages: Message[], system: TextBlock[] } {
  if (messages.every(({ role }) => role === 'system')) {
    const texts = [...system, ...messages.flatMap(({ content }) => content)]
    if (texts.length === 0) throw invalid(path, 'holds no content', 'Send at least one text.')
    return { messages: [{ role: 'user', content: texts }], system: [] }
  }
  const front = messages[0]?.role === 'system' ? messages.shift()?.content ?? [] : []
  if (messages[0]?.role === 'assistant') messages.unshift({ role: 'user', content: [{ type: 'text', text: 'Begin.' }] })
  if (messages.findLast(({ role }) => role !== 'system')?.role === 'assistant') messages.push({ role: 'user', content: [{ type: 'text', text: 'Continue.' }] })
  return { messages, system: [...system, ...front.filter((block) => block.type === 'text')] }
}

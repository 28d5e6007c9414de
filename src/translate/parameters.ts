import type { GatewayError } from '../errors.ts'
import { asObject, asString, invalid, missing, type Fields } from './fields.ts'
import { CHAT_ROWS } from './parameters-chat.ts'
import { RESPONSES_ROWS } from './parameters-responses.ts'

export type Api = 'chat' | 'responses'

/** What happens to one thing that a client of the OpenAI protocol can send. */
export interface Row {
  kind: 'parameter' | 'role' | 'part' | 'tool' | 'item'
  name: string
  /** `ignored` is harmless and told in a response header; `refused` is a 400. */
  fate: 'mapped' | 'ignored' | 'refused'
  /** What becomes of it; for what is refused: what to do instead. */
  note: string
  /** What Anthropic's own compatibility layer does with it. Source: its docs page, copies up to mid-2026. */
  anthropic: 'mapped' | 'partly' | 'ignored' | 'unsupported' | 'not listed'
  /** Whether a value asks for nothing beyond what happens anyway: then it is neither listed nor refused. Null never asks for anything. */
  idle?: (value: unknown) => boolean
}

/** The names go into a response header: what cannot stand there, or would fill it, is not repeated. */
const SHOWABLE = /^[\w.-]{1,64}$/
const MOST_TOLD = 32

const ROWS: Readonly<Record<Api, readonly Row[]>> = { chat: CHAT_ROWS, responses: RESPONSES_ROWS }
const BY_NAME: Readonly<Record<Api, ReadonlyMap<string, Row>>> = { chat: byName(CHAT_ROWS), responses: byName(RESPONSES_ROWS) }

/** Every row of the table, for one API. */
export function rowsOf (api: Api): readonly Row[] {
  return ROWS[api]
}

/**
 * Reads the names in the body of a request.
 * @returns the parameters that have no effect here although they ask for one, unknown ones included, in the order of the body
 * @throws a 400 about the first one that is refused
 */
export function checkParameters (api: Api, body: Fields): string[] {
  const ignored = new Set<string>()
  for (const [name, value] of Object.entries(body)) {
    if (value === undefined || value === null) continue
    const row = rowOf(api, 'parameter', name)
    if (row?.fate === 'mapped' || row?.idle?.(value) === true) continue
    if (row?.fate === 'refused') throw invalid(name, 'is not supported', row.note, 'unsupported_parameter')
    if (ignored.size < MOST_TOLD) ignored.add(SHOWABLE.test(name) ? name : 'other')
  }
  return [...ignored]
}

/** The 400 about a content part that cannot be passed on. @param type its `type`, as it came */
export function refusedPart (api: Api, type: unknown, path: string): GatewayError {
  return refused(api, 'part', type, path)
}

/** The 400 about a tool that cannot be passed on. */
export function refusedTool (api: Api, type: unknown, path: string): GatewayError {
  return refused(api, 'tool', type, path)
}

/** The 400 about an input item that cannot be passed on. */
export function refusedItem (type: unknown, path: string): GatewayError {
  return refused('responses', 'item', type, path)
}

/** Whether a tool is left out, since it runs elsewhere. */
export function isIgnoredTool (api: Api, type: unknown): boolean {
  return typeof type === 'string' && rowOf(api, 'tool', type)?.fate === 'ignored'
}

function refused (api: Api, kind: Row['kind'], type: unknown, path: string): GatewayError {
  if (type === undefined || type === null) return missing(`${path}.type`, `Send one of ${mappedNames(api, kind)}.`)
  const name = asString(type, `${path}.type`)
  const row = rowOf(api, kind, name)
  const mend = row?.fate === 'refused' ? row.note : `Send one of ${mappedNames(api, kind)}.`
  return invalid(path, `the ${kind} ${JSON.stringify(name.slice(0, 64))} is not supported`, mend, `unsupported_${kind}`)
}

function mappedNames (api: Api, kind: Row['kind']): string {
  return ROWS[api].filter((row) => row.kind === kind && row.fate === 'mapped').map(({ name }) => name).join(', ')
}

function rowOf (api: Api, kind: Row['kind'], name: string): Row | undefined {
  return BY_NAME[api].get(`${kind} ${name}`)
}

function byName (rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [`${row.kind} ${row.name}`, row]))
}

/** Reads the `stream_options` of both APIs. */
export function includesUsage (options: unknown): boolean {
  if (options === undefined || options === null) return false
  return asObject(options, 'stream_options')['include_usage'] === true
}

/** The whole table in Markdown. */
export function compatibilityTable (): string {
  return [table('chat', 'Chat Completions'), table('responses', 'Responses')].join('\n\n')
}

function table (api: Api, title: string): string {
  const lines = ROWS[api].map(({ kind, name, fate, note, anthropic }) => `| \`${name}\` | ${kind} | ${fate} | ${note} | ${anthropic} |`)
  return [`### ${title}`, '', '| name | kind | here | what happens | Anthropic’s own layer |', '|---|---|---|---|---|', ...lines].join('\n')
}

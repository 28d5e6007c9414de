import { GatewayError } from '../../errors.ts'
import { asString, isObject, missing, type Fields } from '../fields.ts'
import { WEB_ROWS, webRow, type WebRow } from './web-table.ts'

/** The names go into a response header: what cannot stand there, or would fill it, is not repeated. */
const SHOWABLE = /^[\w.-]{1,64}$/
const MOST_TOLD = 32

/** The 400 about what only the API can do. @param path of the field at fault; @param why as half a sentence */
export function notInWebMode (path: string, why: string): GatewayError {
  return new GatewayError('invalid_request_error', `${path}: ${why} in web mode; use API mode (X-Proxy-Mode: api).`, {
    code: 'web_mode_unsupported', param: path
  })
}

/**
 * @param named tells what the client calls a parameter, where it speaks another protocol
 * @throws a 400 about the first parameter that asks for what only the API can do
 */
export function refuseParameters (body: Fields, named: (name: string) => string = (name) => name): void {
  for (const row of WEB_ROWS) {
    if (row.kind === 'parameter' && row.fate === 'refused' && asks(row, valueAt(body, row.name))) throw notInWebMode(named(row.name), row.note)
  }
}

/**
 * The parameters that have no effect although they ask for one: known ones in the order of the table, unknown ones behind.
 * @param met names of such fields that were met inside of blocks
 */
export function ignoredParameters (body: Fields, met: ReadonlySet<string>): string[] {
  const known = WEB_ROWS
    .filter((row) => row.kind === 'parameter' && row.fate === 'ignored' && (met.has(row.name) || asks(row, valueAt(body, row.name))))
    .map(({ name }) => name)
  const unknown = new Set<string>()
  for (const [name, value] of Object.entries(body)) {
    if (known.length + unknown.size >= MOST_TOLD) break
    if (value === undefined || value === null || isParameter(name)) continue
    unknown.add(SHOWABLE.test(name) ? name : 'other')
  }
  return [...new Set([...known, ...unknown])]
}

/** Notes the fields of a block that have no effect. */
export function noteIgnored (block: Fields, met: Set<string>): void {
  for (const name of ['cache_control', 'citations']) {
    if (Object.hasOwn(block, name) && asks(webRow('parameter', name)!, block[name])) met.add(name)
  }
}

/**
 * Of a block or a source, the `type`, which has to be one that works here.
 * @throws a 400 about any other, known or not
 */
export function mappedType (kind: 'block' | 'source', fields: Fields, path: string): string {
  if (fields['type'] === undefined || fields['type'] === null) {
    const names = WEB_ROWS.filter((row) => row.kind === kind && row.fate === 'mapped').map(({ name }) => name)
    throw missing(`${path}.type`, `Send one of ${names.join(', ')}.`)
  }
  const type = asString(fields['type'], `${path}.type`)
  const row = webRow(kind, type)
  if (row?.fate === 'mapped') return type
  const why = row?.note ?? 'this type is not known and so not available'
  throw notInWebMode(path, `the ${kind} ${JSON.stringify(type.slice(0, 64))} is refused: ${why}`)
}

function asks (row: WebRow, value: unknown): boolean {
  return value !== undefined && value !== null && row.idle?.(value) !== true
}

/** A field or, by a path with a point, one inside of it. A name of the body's own that has a point in it is no path. */
function valueAt (body: Fields, path: string): unknown {
  const [name = '', inner] = path.split('.')
  const value = Object.hasOwn(body, name) ? body[name] : undefined
  if (inner === undefined) return value
  return isObject(value) ? value[inner] : undefined
}

function isParameter (name: string): boolean {
  return !name.includes('.') && webRow('parameter', name) !== undefined
}

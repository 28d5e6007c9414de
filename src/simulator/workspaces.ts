import type { FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'
import { exchangeOf } from './exchange.ts'

export interface Kept {
  id: string
  /** The workspace whose keys see it. */
  workspace: string
}

/** Things that live in a workspace, newest first, as the API's lists have them. */
export class Shelf<T extends Kept> {
  readonly #what: string
  readonly #things: T[] = []

  /** @param what its name in errors */
  constructor (what: string) {
    this.#what = what
  }

  add (thing: T): T {
    this.#things.unshift(thing)
    return thing
  }

  /** @throws ApiError 404 for what is not there, or in another workspace */
  get (request: FastifyRequest, id: string): T {
    const thing = this.all(request).find((one) => one.id === id)
    if (thing === undefined) throw new ApiError('not_found_error', `${this.#what} not found: ${id}`)
    return thing
  }

  /** @throws ApiError 404 */
  remove (request: FastifyRequest, id: string): void {
    this.#things.splice(this.#things.indexOf(this.get(request, id)), 1)
  }

  all (request: FastifyRequest): T[] {
    const workspace = workspaceOf(request)
    return this.#things.filter((thing) => thing.workspace === workspace)
  }
}

/** The workspace of a request's key: what stands between `-ws-` and `-` in it, within its organisation, else the organisation's only one. */
export function workspaceOf (request: FastifyRequest): string {
  const { key, organization } = exchangeOf(request)
  return `${organization}/${/-ws-([a-z0-9]+)-/.exec(key)?.[1] ?? 'default'}`
}

export interface PageQuery {
  limit?: string
  after_id?: string
  before_id?: string
  page?: string
}

/** A page by ids: the older form of the API's lists, and that of batches. */
export function pageById<T extends { id: string }> (things: T[], { limit = '20', after_id: after, before_id: before }: PageQuery) {
  const from = after === undefined ? 0 : things.findIndex(({ id }) => id === after) + 1
  const to = before === undefined ? undefined : things.findIndex(({ id }) => id === before)
  const rest = things.slice(from, to)
  const data = before === undefined ? rest.slice(0, Number(limit)) : rest.slice(-Number(limit))
  return { data, has_more: data.length < rest.length, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
}

/** A page by cursor: the newer form. A cursor is where the next page begins. */
export function pageByCursor<T> (things: T[], { limit = '20', page = '0' }: PageQuery) {
  const end = Number(page) + Number(limit)
  return { data: things.slice(Number(page), end), next_page: end < things.length ? String(end) : null }
}

/** A page in both forms at once, for lists that clients of all ages walk. */
export function pageInBothForms<T extends { id: string }> (things: T[], query: PageQuery) {
  const { after_id: after, page } = query
  if (page !== undefined) {
    const { data, next_page: next } = pageByCursor(things, query)
    return { data, has_more: next !== null, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, next_page: next }
  }
  const byId = pageById(things, query)
  const end = after === undefined ? byId.data.length : things.findIndex(({ id }) => id === byId.last_id) + 1
  return { ...byId, next_page: byId.has_more ? String(end) : null }
}

/** The version of the API in which skills say more of their source. */
export function isNew ({ headers }: FastifyRequest): boolean {
  return String(headers['anthropic-version']) >= '2026-10-21'
}

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ResourceKind } from '../plugins/database/schema.ts'
import { ask, pass } from './own-resources.ts'
import { queryOf } from './query.ts'

/** Pages of others' things that are passed over before the client is sent on. */
const MOST_PAGES = 50

export interface Entry {
  id: string
  [field: string]: unknown
}

/** A page of one of the API's lists, in either form or both: by ids (`first_id`, `last_id`, `has_more`), by a cursor (`next_page`). */
interface Page {
  data: Entry[]
  has_more?: boolean
  first_id?: string | null
  last_id?: string | null
  next_page?: string | null
}

/** Nothing, in both forms. */
const EMPTY: Page = { data: [], has_more: false, first_id: null, last_id: null, next_page: null }

export interface OwnList {
  kind: ResourceKind
  path: string
  /** Whether everybody may see an entry. */
  isPublic?: (entry: Entry) => boolean
  /** What the client is shown of an entry. */
  show?: (entry: Entry) => Entry
}

/**
 * Answers with a page of the caller's own resources. The upstream lists a whole workspace; what is not the caller's is left out, so a page may be
 * shorter than its limit while there are more. After {@link MOST_PAGES} upstream pages without anything of the caller's, the page is
 * empty and the list goes on behind it.
 */
export async function listOwn (request: FastifyRequest, reply: FastifyReply, list: OwnList): Promise<FastifyReply> {
  const { resources } = request.server
  if (list.isPublic === undefined && !await resources.hasAny(request.clientToken.id, list.kind)) return reply.send(EMPTY)
  const workspace = await resources.homeOf(request.clientToken.id)
  const query = new URLSearchParams(queryOf(request))
  for (let pages = 1; ; pages++) {
    const answer = await ask(request, { path: `${list.path}?${query.toString()}`, workspace })
    if (answer.status !== 200) return pass(reply, answer)
    const page = JSON.parse(answer.body.toString('utf8')) as Page
    const own = await ownOf(request, list, page.data)
    const isLast = page.has_more === undefined ? typeof page.next_page !== 'string' : !page.has_more
    if (own.length === 0 && !isLast && pages < MOST_PAGES) {
      advance(query, page)
      continue
    }
    return pass(reply, answer, Buffer.from(JSON.stringify(shown(page, own.map((entry) => list.show?.(entry) ?? entry)))))
  }
}

async function ownOf (request: FastifyRequest, { kind, isPublic }: OwnList, entries: Entry[]): Promise<Entry[]> {
  const rows = await request.server.resources.find(entries.map(({ id }) => id))
  const own = new Set(rows.filter((row) => row.kind === kind && row.token_id === request.clientToken.id).map(({ id }) => id))
  return entries.filter((entry) => own.has(entry.id) || isPublic?.(entry) === true)
}

/** Turns the question to the next page, in the form in which the client walks the list. */
function advance (query: URLSearchParams, { next_page: next, first_id: first, last_id: last }: Page): void {
  if (query.has('before_id')) query.set('before_id', first ?? '')
  else if (typeof next === 'string' && !query.has('after_id')) query.set('page', next)
  else query.set('after_id', last ?? '')
}

/** Where the page has its ends by id, they are the caller's own, from which the upstream can go on as well. */
function shown (page: Page, data: Entry[]): Page {
  const ends = data.length === 0 ? {} : { first_id: data[0]!.id, last_id: data.at(-1)!.id }
  return { ...page, data, ...page.first_id !== undefined && ends }
}

import type { IncomingHttpHeaders } from 'node:http'
import { FormData, type Dispatcher } from 'undici'
import { connectionFault } from './upstream-errors.ts'

/** The largest answer that is read whole, in bytes. */
const LIMIT = 1024 * 1024

/** An answer of claude.ai, whole. */
export interface WebAnswered {
  status: number
  headers: IncomingHttpHeaders
  bytes: Buffer
}

/** A place on claude.ai: whose cookie, which organisation. */
export interface WebPlace {
  cookie: string
  organizationId: string
}

export interface WebFileToSend {
  name: string
  mediaType: string
  bytes: Buffer
}

export interface WebClientDeps {
  dispatcher: Dispatcher
  /** Origin and optional path prefix of claude.ai: the only place that a cookie is ever sent to. */
  url: string
  /** Who we are, said openly. */
  userAgent: string
  /** How long a small question may take in all, in milliseconds. */
  timeout?: number
  /** How long a file may take on its way, in milliseconds: the largest does on a slow line. */
  uploadTimeout?: number
}

export type WebClient = ReturnType<typeof createWebClient>

/**
 * The calls of claude.ai's private web interface that the gateway makes. Redirects are never followed, and what claude.ai answers is judged by the
 * caller. Each rejects with a GatewayError when there is no answer. Source: what public clients sent in 2026.
 */
export function createWebClient ({ dispatcher, url, userAgent, timeout = 30_000, uploadTimeout = 600_000 }: WebClientDeps) {
  const { origin, pathname } = new URL(url)
  const prefix = `${pathname.replace(/\/$/, '')}/api`

  /** The cookie is all that a session has; nothing here pretends to be a browser. */
  function headersFor (cookie: string, accept: string): Record<string, string> {
    return { cookie: `sessionKey=${cookie}`, accept, 'accept-encoding': 'identity', 'user-agent': userAgent }
  }

  async function ask (cookie: string, method: 'GET' | 'POST' | 'DELETE', path: string, body?: string | FormData, signal?: AbortSignal): Promise<WebAnswered> {
    const limit = AbortSignal.timeout(typeof body === 'object' ? uploadTimeout : timeout)
    try {
      const answer = await dispatcher.request({
        origin,
        path: prefix + path,
        method,
        headers: { ...headersFor(cookie, 'application/json'), ...typeof body === 'string' && { 'content-type': 'application/json' } },
        body: body ?? null,
        signal: signal === undefined ? limit : AbortSignal.any([limit, signal])
      })
      return { status: answer.statusCode, headers: answer.headers, bytes: await beginningOf(answer.body) }
    } catch (error) {
      throw connectionFault(error as Error, false)
    }
  }

  return {
    organizations: (cookie: string): Promise<WebAnswered> => ask(cookie, 'GET', '/organizations'),

    /** Makes a conversation under an id of our own, out of the owner's history. */
    create: ({ cookie, organizationId }: WebPlace, id: string): Promise<WebAnswered> =>
      ask(cookie, 'POST', `/organizations/${organizationId}/chat_conversations`, JSON.stringify({ uuid: id, name: '', is_temporary: true })),

    remove: ({ cookie, organizationId }: WebPlace, id: string): Promise<WebAnswered> =>
      ask(cookie, 'DELETE', `/organizations/${organizationId}/chat_conversations/${id}`),

    upload ({ cookie, organizationId }: WebPlace, { name, mediaType, bytes }: WebFileToSend, signal: AbortSignal): Promise<WebAnswered> {
      const form = new FormData()
      form.append('file', new File([bytes as Uint8Array<ArrayBuffer>], name, { type: mediaType }), name)
      return ask(cookie, 'POST', `/${organizationId}/upload`, form, signal)
    },

    /** A turn of a conversation, as undici's `dispatch` takes it: its answer is a stream. */
    completion: ({ cookie, organizationId }: WebPlace, id: string, body: object): Dispatcher.DispatchOptions => ({
      origin,
      path: `${prefix}/organizations/${organizationId}/chat_conversations/${id}/completion`,
      method: 'POST',
      headers: { ...headersFor(cookie, 'text/event-stream'), 'content-type': 'application/json' },
      body: JSON.stringify(body)
    }),

    dispatch: (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void => { dispatcher.dispatch(options, handler) }
  }
}

/** What is longer is no answer that is waited for; the rest is let go. */
async function beginningOf (body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > LIMIT) break
  }
  return Buffer.concat(chunks)
}

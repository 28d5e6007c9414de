import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Readable } from 'node:stream'
import type { ResourceKind, ResourceRow } from '../plugins/database/schema.ts'
import { GatewayError } from '../errors.ts'
import { revokedError } from '../plugins/token-store.ts'
import type { Asked, Question } from '../upstreams/ask.ts'
import { forwardedResponseHeaders } from '../upstreams/headers.ts'
import { traceOf } from '../upstreams/client-sink.ts'
import { refuseTooLong, upload, type UploadOptions } from '../upstreams/upload.ts'
import { queryOf } from './query.ts'

const NAMES: Record<ResourceKind, string> = { batch: 'Message batch', file: 'File', skill: 'Skill', container: 'Container' }

/** What is not recorded for the token is not there: whether another token has it is nobody's business. */
export function notFound (kind: ResourceKind, id: string): GatewayError {
  return new GatewayError('not_found_error', `${NAMES[kind]} not found: ${id}`, { code: `${kind}_not_found`, param: `${kind}_id` })
}

/** What an id names, when it is the caller's. @throws GatewayError 404 */
export async function ownResource (request: FastifyRequest, kind: ResourceKind, id: string): Promise<ResourceRow> {
  const [row] = await request.server.resources.find([id])
  if (row === undefined || row.kind !== kind || row.token_id !== request.clientToken.id) throw notFound(kind, id)
  return row
}

/** Asks upstream on the caller's behalf. */
export async function ask (request: FastifyRequest, question: Omit<Question, 'headers'>): Promise<Asked> {
  const { record, headers, server } = request
  const answer = await server.apiUpstream.ask({ headers, trail: record.trail, ...question })
  record.keyId = answer.keyId
  record.attempts++
  record.upstreamRequestId = answer.headers['request-id']?.toString() ?? null
  return answer
}

/** Asks for one resource of the caller, where it lives. */
export async function askOwn (
  request: FastifyRequest, row: ResourceRow, path: string, method: 'GET' | 'POST' | 'DELETE' = 'GET'
): Promise<Asked> {
  const { resources } = request.server
  const answer = await ask(request, { method, path: `${path}${queryOf(request)}`, workspace: resources.workspaceOf(row) })
  // A question that finds nothing proves nothing: the keys may be labelled wrongly for a while.
  const isGone = method === 'DELETE' && (answer.status < 300 || answer.status === 404)
  if (isGone && path.endsWith(row.id)) await resources.remove(row.id)
  return answer
}

/** Passes an answer on. @param body what stands in its body's place */
export function pass (reply: FastifyReply, { status, headers, body: original }: Pick<Asked, 'status' | 'headers' | 'body'>, body = original): FastifyReply {
  const { headers: asked, record: { trail } } = reply.request
  if (asked['x-ccproxy-debug'] === '1') reply.header('x-ccproxy-trace', traceOf(trail))
  return reply.code(status).headers({ ...forwardedResponseHeaders(headers), 'content-length': body.length }).send(body)
}

export interface Creation extends UploadOptions {
  kind: ResourceKind
  path: string
}

/**
 * Makes a resource from the request's body, which is streamed upstream, in the workspace where the token has its own.
 * @throws GatewayError when the body is refused, or what was made cannot be recorded: then it is deleted again, for nobody could ever reach it
 */
export async function create (request: FastifyRequest, { kind, path, ...options }: Creation): Promise<Asked> {
  const { resources } = request.server
  refuseTooLong(request.headers['content-length'], options.limit)
  const answer = await send(request, `${path}${queryOf(request)}`, await resources.homeOf(request.clientToken.id), options)
  const id = answer.status < 300 ? idIn(answer.body) : undefined
  if (id === undefined) return answer
  try {
    await resources.add({ id, kind, workspace: answer.workspace, key_id: answer.keyId, token_id: request.clientToken.id })
  } catch (error) {
    request.log.error({ err: error as Error, kind, id }, 'what was made upstream could not be recorded, and is deleted again')
    await ask(request, { method: 'DELETE', path: `${path}/${id}`, workspace: answer.workspace })
    throw error
  }
  return answer
}

/** Streams the request's body upstream. The token's revocation and the gateway's end reach it like every other exchange. */
export async function send (request: FastifyRequest, path: string, workspace: string | undefined, options: UploadOptions): Promise<Asked> {
  const { server: { exchanges }, clientToken } = request
  if (clientToken.revoked_at !== null) throw revokedError()
  if (request.body === undefined || request.body === null) throw emptyBody()
  const controller = new AbortController()
  const exchange = { tick () {}, fail: (error: GatewayError) => controller.abort(error) }
  exchanges.add(clientToken.id, exchange)
  try {
    return await ask(request, { method: 'POST', path, workspace, body: upload(request.body as Readable, options), signal: controller.signal })
  } finally {
    exchanges.remove(clientToken.id, exchange)
  }
}

function emptyBody (): GatewayError {
  return new GatewayError('invalid_request_error', 'body: is empty; send what is to be made.', { code: 'empty_body', param: 'body' })
}

function idIn (body: Buffer): string | undefined {
  const { id } = JSON.parse(body.toString('utf8')) as { id?: unknown }
  return typeof id === 'string' ? id : undefined
}

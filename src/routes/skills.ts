import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { streamBody } from '../plugins/native-body.ts'
import * as docs from './docs/resources.ts'
import { listOwn, type Entry } from './own-list.ts'
import { ask, askOwn, create, notFound, ownResource, pass, send } from './own-resources.ts'
import { queryOf } from './query.ts'
import { relayContent, type RelayOptions } from './relay.ts'
import { AnthropicError, Listing, Passed, resourceId } from './schemas.ts'

/** Anthropic takes skills of 30 MB, unpacked and together; with room for the form around them, in bytes. */
const BODY_LIMIT = 32 * 1024 * 1024

const response = { 200: Passed, '4xx': AnthropicError, '5xx': AnthropicError }
/** Anthropic's own skills have plain names, such as `pptx`. */
const SkillId = Type.Object({ id: resourceId() })
const Version = Type.Object({ id: resourceId(), version: resourceId() })

/** `/v1/skills`: a token's own skills, and those that Anthropic gives to everybody. */
export const skillRoutes: FastifyPluginAsyncTypebox<RelayOptions> = async (scope, options) => {
  const { stallTimeout: idleTimeout } = options
  streamBody(scope, 'multipart/form-data')

  scope.post('/skills', { config: { longBody: true }, schema: { ...docs.CREATE_SKILL, body: Passed, response } }, async (request, reply) => {
    return pass(reply, await create(request, { kind: 'skill', path: '/v1/skills', limit: BODY_LIMIT, idleTimeout }))
  })

  scope.get('/skills', { schema: { ...docs.LIST_SKILLS, querystring: Listing, response } }, async (request, reply) => {
    return listOwn(request, reply, { kind: 'skill', path: '/v1/skills', isPublic })
  })

  scope.get('/skills/:id', { schema: { ...docs.GET_SKILL, params: SkillId, response } }, async (request, reply) => {
    const { id } = request.params
    return pass(reply, await ask(request, { path: `/v1/skills/${id}${queryOf(request)}`, workspace: await placeOf(request, id) }))
  })

  scope.delete('/skills/:id', { schema: { ...docs.DELETE_SKILL, params: SkillId, response } }, async (request, reply) => {
    const row = await ownResource(request, 'skill', request.params.id)
    return pass(reply, await askOwn(request, row, `/v1/skills/${row.id}`, 'DELETE'))
  })

  const making = { config: { longBody: true }, schema: { ...docs.CREATE_VERSION, params: SkillId, body: Passed, response } }
  scope.post('/skills/:id/versions', making, async (request, reply) => {
    const row = await ownResource(request, 'skill', request.params.id)
    const path = `/v1/skills/${row.id}/versions${queryOf(request)}`
    return pass(reply, await send(request, path, scope.resources.workspaceOf(row), { limit: BODY_LIMIT, idleTimeout }))
  })

  scope.get('/skills/:id/versions', { schema: { ...docs.LIST_VERSIONS, params: SkillId, querystring: Listing, response } }, async (request, reply) => {
    const { id } = request.params
    return pass(reply, await ask(request, { path: `/v1/skills/${id}/versions${queryOf(request)}`, workspace: await placeOf(request, id) }))
  })

  scope.get('/skills/:id/versions/:version', { schema: { ...docs.GET_VERSION, params: Version, response } }, async (request, reply) => {
    const { id, version } = request.params
    return pass(reply, await ask(request, { path: `/v1/skills/${id}/versions/${version}${queryOf(request)}`, workspace: await placeOf(request, id) }))
  })

  scope.get('/skills/:id/versions/:version/content', { schema: { ...docs.VERSION_CONTENT, params: Version, response } }, async (request, reply) => {
    const { id, version } = request.params
    relayContent(request, reply, `/v1/skills/${id}/versions/${version}/content`, await placeOf(request, id), options)
  })

  scope.delete('/skills/:id/versions/:version', { schema: { ...docs.DELETE_VERSION, params: Version, response } }, async (request, reply) => {
    const row = await ownResource(request, 'skill', request.params.id)
    return pass(reply, await askOwn(request, row, `/v1/skills/${row.id}/versions/${request.params.version}`, 'DELETE'))
  })
}

/** Where a skill can be read: the caller's own where it lives, everybody's at the caller's home. @throws GatewayError 404 */
async function placeOf (request: FastifyRequest, id: string): Promise<string | undefined> {
  const { resources } = request.server
  const [row] = await resources.find([id])
  if (row?.token_id === request.clientToken.id && row.kind === 'skill') return resources.workspaceOf(row)
  const home = await resources.homeOf(request.clientToken.id)
  if (row !== undefined || !id.startsWith('skill_')) {
    if (row === undefined) return home
    throw notFound('skill', id)
  }
  const { status, body } = await ask(request, { path: `/v1/skills/${id}`, workspace: home })
  if (status === 200 && isPublic(JSON.parse(body.toString('utf8')) as Entry)) return home
  throw notFound('skill', id)
}

/** Newer versions of the API say `{"type": "anthropic"}`, older ones `"anthropic"`. */
function isPublic ({ source }: Entry): boolean {
  const type = typeof source === 'object' && source !== null ? (source as { type?: unknown }).type : source
  return typeof type === 'string' && type !== 'custom'
}

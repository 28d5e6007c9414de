import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { streamBody } from '../plugins/native-body.ts'
import * as docs from './docs/resources.ts'
import { listOwn } from './own-list.ts'
import { askOwn, create, ownResource, pass } from './own-resources.ts'
import { relayContent, type RelayOptions } from './relay.ts'
import { AnthropicError, Listing, Passed, resourceId } from './schemas.ts'

/** Anthropic's limit for a file, with room for the form around it; in bytes. */
const BODY_LIMIT = 501 * 1024 * 1024

const response = { 200: Passed, '4xx': AnthropicError, '5xx': AnthropicError }
const FileId = Type.Object({ id: resourceId('file') })

/** `/v1/files`: a token's own files. Their contents stream in both directions. */
export const fileRoutes: FastifyPluginAsyncTypebox<RelayOptions> = async (scope, options) => {
  streamBody(scope, 'multipart/form-data')

  scope.post('/files', { config: { longBody: true }, schema: { ...docs.CREATE_FILE, body: Passed, response } }, async (request, reply) => {
    return pass(reply, await create(request, { kind: 'file', path: '/v1/files', limit: BODY_LIMIT, idleTimeout: options.stallTimeout }))
  })

  scope.get('/files', { schema: { ...docs.LIST_FILES, querystring: Listing, response } }, async (request, reply) => {
    return listOwn(request, reply, { kind: 'file', path: '/v1/files' })
  })

  scope.get('/files/:id', { schema: { ...docs.GET_FILE, params: FileId, response } }, async (request, reply) => {
    const row = await ownResource(request, 'file', request.params.id)
    return pass(reply, await askOwn(request, row, `/v1/files/${row.id}`))
  })

  scope.delete('/files/:id', { schema: { ...docs.DELETE_FILE, params: FileId, response } }, async (request, reply) => {
    const row = await ownResource(request, 'file', request.params.id)
    return pass(reply, await askOwn(request, row, `/v1/files/${row.id}`, 'DELETE'))
  })

  scope.get('/files/:id/content', { schema: { ...docs.FILE_CONTENT, params: FileId, response } }, async (request, reply) => {
    const row = await ownResource(request, 'file', request.params.id)
    relayContent(request, reply, `/v1/files/${row.id}/content`, scope.resources.workspaceOf(row), options)
  })
}

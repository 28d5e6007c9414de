import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type, type Static } from '@sinclair/typebox'
import { exchangeOf } from '../exchange.ts'
import { conversationInfo, conversationOf, messageInfo, type Conversation } from './conversations.ts'
import { ownOrganization, visitOf, welcome, type InOrganization } from './visit.ts'
import { refusal } from './web-error.ts'

const CreateBody = Type.Object({
  uuid: Type.String({ pattern: '^[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}$' }),
  name: Type.String(),
  is_temporary: Type.Optional(Type.Boolean()),
  model: Type.Optional(Type.Unsafe<string | null>(Type.String({ nullable: true })))
})

const SettingsBody = Type.Object({
  name: Type.Optional(Type.String()),
  settings: Type.Optional(Type.Unsafe<Record<string, unknown>>(Type.Object({})))
})

interface Create extends InOrganization { Body: Static<typeof CreateBody> }
interface OfConversation extends InOrganization { Params: { organization: string, conversation: string } }

const ALL = '/organizations/:organization/chat_conversations'
const ONE = `${ALL}/:conversation`

/** Making, listing, reading, changing and deleting conversations. */
export async function conversationRoutes (app: FastifyInstance): Promise<void> {
  app.post<Create>(ALL, { schema: { body: CreateBody }, config: { endpoint: 'create' } }, async (request, reply) => {
    const { web, account: { key }, gone } = visitOf(request)
    const conversation = make(request)
    web.conversations.set(conversation.uuid, conversation)
    if (!await web.holds.pass('create', { key, url: request.url }, gone)) return reply.hijack()
    return welcome(request, reply, conversationInfo(conversation), 201)
  })

  app.get<InOrganization>(ALL, { config: { endpoint: 'list' } }, async (request, reply) => {
    const { web, account: { key } } = visitOf(request)
    const { uuid } = ownOrganization(request)
    const own = [...web.conversations.values()].filter((one) => one.key === key && one.organization === uuid && !one.temporary)
    return welcome(request, reply, own.toReversed().map(conversationInfo))
  })

  app.get<OfConversation>(ONE, { config: { endpoint: 'read' } }, async (request, reply) => {
    const conversation = find(request)
    return welcome(request, reply, { ...conversationInfo(conversation), chat_messages: conversation.messages.map(messageInfo) })
  })

  app.put<OfConversation & { Body: Static<typeof SettingsBody> }>(ONE, { schema: { body: SettingsBody }, config: { endpoint: 'settings' } }, async (request, reply) => {
    const conversation = find(request)
    conversation.name = request.body.name ?? conversation.name
    Object.assign(conversation.settings, request.body.settings)
    return welcome(request, reply, conversationInfo(conversation), 202)
  })

  app.delete<OfConversation>(ONE, { config: { endpoint: 'delete' } }, async (request, reply) => {
    const { web, account: { key }, gone } = visitOf(request)
    if (!await web.holds.pass('delete', { key, url: request.url }, gone)) return reply.hijack()
    web.bury(find(request))
    return welcome(request, reply, undefined)
  })
}

/** @throws WebError 400 for a uuid that is in use, or was */
function make (request: FastifyRequest<Create>): Conversation {
  const { web, account: { key } } = visitOf(request)
  const { uuid: organization } = ownOrganization(request)
  const { uuid, name, is_temporary: temporary = false, model = null } = request.body
  if (web.conversations.has(uuid) || web.deleted.some((one) => one.uuid === uuid)) {
    throw refusal('invalid_request_error', 'uuid: A conversation with this uuid already exists')
  }
  const created = new Date(exchangeOf(request).simulation.clock()).toISOString()
  return { uuid, name, organization, key, temporary, model, settings: { paprika_mode: null }, messages: [], created_at: created }
}

function find (request: FastifyRequest<OfConversation>): Conversation {
  const { web, account: { key } } = visitOf(request)
  return conversationOf(web.conversations, { uuid: request.params.conversation, key, organization: ownOrganization(request).uuid })
}

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { exchangeOf } from '../exchange.ts'
import type { Model } from '../models.ts'
import { modelFor } from './accounts.ts'
import { CompletionBody, type Completion } from './completion-body.ts'
import { conversationOf, type Conversation } from './conversations.ts'
import { legacyEvents } from './events-legacy.ts'
import { messagesEvents } from './events-messages.ts'
import { sendFirstWords } from './faults.ts'
import { limited } from './rate-limit.ts'
import { takeTurn } from './take-turn.ts'
import { emptyRefusal } from './web-error.ts'
import { ownOrganization, visitOf, welcome, type InOrganization } from './visit.ts'

interface CompletionRoute extends InOrganization { Params: { organization: string, conversation: string }, Body: Completion }

/** `POST …/completion`. The turn is in the tree as soon as it is taken; of an answer that its reader leaves, what was said remains. */
export async function completionRoutes (app: FastifyInstance): Promise<void> {
  const options = { schema: { body: CompletionBody }, config: { endpoint: 'completion' } } as const

  app.post<CompletionRoute>('/organizations/:organization/chat_conversations/:conversation/completion', options, async (request, reply) => {
    const visit = visitOf(request)
    const conversation = find(request)
    const model = modelFor(visit.account, request.body.model ?? conversation.model ?? undefined)
    refuseBeyondLimits(request, model)
    const turn = takeTurn(request, reply, conversation, model)
    const held = { key: visit.account.key, url: request.url }
    if (!await visit.web.holds.pass('completion-before-headers', held, visit.gone)) return reply.hijack()
    holdInTheMiddle(request)
    return welcome(request, reply, visit.style === 'messages' ? messagesEvents(turn) : legacyEvents(turn))
  })
}

/** @throws WebError 404 for a conversation that was deleted, an empty 400 for one that never was */
function find (request: FastifyRequest<CompletionRoute>): Conversation {
  const { web, account: { key } } = visitOf(request)
  const { uuid: organization } = ownOrganization(request)
  const { conversation: uuid } = request.params
  if (!web.conversations.has(uuid) && !web.deleted.some((one) => one.uuid === uuid)) throw emptyRefusal()
  return conversationOf(web.conversations, { uuid, key, organization })
}

/** @throws WebError 429 */
function refuseBeyondLimits (request: FastifyRequest, model: Model): void {
  const { account } = visitOf(request)
  const now = exchangeOf(request).simulation.clock() / 1_000
  const limit = account.limits.find(({ resetsAt = Infinity, model: only }) => now < resetsAt && (only ?? model.id) === model.id)
  if (limit !== undefined) throw limited(limit)
  const most = Number(/-concurrent-(\d+)-/.exec(account.key)?.[1] ?? Infinity)
  if (account.streams >= most) throw limited({ claim: 'concurrents', form: 'absent' })
}

/** Where a test holds this step, the stream stops behind the first words until it is let go. */
function holdInTheMiddle (request: FastifyRequest): void {
  const { web: { holds }, account: { key }, gone } = visitOf(request)
  const exchange = exchangeOf(request)
  const held = { key, url: request.url }
  if (exchange.chosen !== undefined || !holds.waits('completion-mid', held)) return
  exchange.chosen = {
    number: (_name, fallback) => fallback,
    fault: {
      does: 'wait',
      deliver: async (wire) => {
        const frames = wire.frames[Symbol.iterator]()
        await sendFirstWords(wire, frames)
        if (await holds.pass('completion-mid', held, gone)) await wire.send({ [Symbol.iterator]: () => frames })
        wire.end()
      }
    }
  }
}

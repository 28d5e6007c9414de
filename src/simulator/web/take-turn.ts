import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { exchangeOf } from '../exchange.ts'
import type { Model } from '../models.ts'
import type { Account } from './accounts.ts'
import type { Completion } from './completion-body.ts'
import { branch, parentOf, type ChatMessage, type Conversation, type Upload } from './conversations.ts'
import { sayTo } from './saying.ts'
import type { Turn } from './turn.ts'
import { refusal } from './web-error.ts'
import { visitOf } from './visit.ts'

const HOUR = 3_600

/** Checks the turn and takes it into the tree, with the answer that grows as it is sent. */
export function takeTurn (request: FastifyRequest<{ Body: Completion }>, reply: FastifyReply, conversation: Conversation, model: Model): Turn {
  const { web, account } = visitOf(request)
  const { simulation: { clock, ids }, requestId } = exchangeOf(request)
  const { body } = request
  const parent = parentOf(conversation, body.parent_message_uuid ?? undefined)
  const files = (body.files ?? []).map((uuid) => uploadOf(web.uploads, uuid, account))
  const human = message('human', parent, body, { created_at: new Date(clock()).toISOString(), files })
  if (human.text === '' && human.attachments.length === 0 && files.length === 0) throw refusal('invalid_request_error', 'prompt: must not be empty')
  const answer = message('assistant', human.uuid, body, { created_at: human.created_at, files: [], model: model.id })
  const first = conversation.messages.length === 0
  conversation.messages.push(human, answer)
  const thinking = body.thinking_mode === 'extended' || conversation.settings['paprika_mode'] === 'extended'
  const saying = sayTo(branch(conversation, human.uuid), { model, thinking, ids })
  watch(request, reply, account, answer, saying.stopReason)
  const now = Math.ceil(clock() / 1_000)
  return {
    ...saying,
    id: ids.message().replace('msg_', 'chatcompl_'),
    requestId,
    traceId: randomUUID().replaceAll('-', ''),
    uuid: answer.uuid,
    parentUuid: human.uuid,
    model: model.id,
    first,
    extras: account.key.includes('-extras-'),
    quota: account.quota,
    resets: { fiveHour: now + 5 * HOUR, sevenDay: now + 7 * 24 * HOUR },
    clock,
    said: (text) => { answer.text += text }
  }
}

/** Counts the stream while it is open, and writes into its message how it ended. */
function watch (request: FastifyRequest, reply: FastifyReply, account: Account, answer: ChatMessage, stopReason: string): void {
  account.streams++
  reply.raw.once('close', () => {
    account.streams--
    const left = !reply.raw.writableFinished && exchangeOf(request).wire?.cut !== true
    answer.stop_reason = left ? 'user_canceled' : stopReason
  })
}

type Rest = Pick<ChatMessage, 'created_at' | 'files'> & { model?: string }

/** A message of the tree; the client may have made its uuid. */
function message (sender: ChatMessage['sender'], parent: string, body: Completion, rest: Rest): ChatMessage {
  const { prompt, attachments = [], turn_message_uuids: ids } = body
  const human = sender === 'human'
  return {
    uuid: (human ? ids?.human_message_uuid : ids?.assistant_message_uuid) ?? randomUUID(),
    sender,
    parent_message_uuid: parent,
    text: human ? prompt : '',
    attachments: human ? attachments : [],
    stop_reason: null,
    model: null,
    ...rest
  }
}

/** @throws WebError 400 for a file that the account did not upload */
function uploadOf (uploads: Map<string, Upload>, uuid: string, { key }: Account): Upload {
  const upload = uploads.get(uuid)
  if (upload === undefined || upload.key !== key) throw refusal('invalid_request_error', `files: File ${uuid} not found`)
  return upload
}

import { createHash, hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** Longest id of a session that is believed, in characters; the real ones are UUIDs. */
const LONGEST_ID = 128
/** Longest `metadata.user_id` that is looked into, in characters. */
const LONGEST_USER_ID = 1024
/** Values of a prompt that are read to tell it from others. Bounds the work, and the recursion, that a hostile body can cause. */
const MOST_VALUES = 1000
/** Fields that say nothing about the content. Clients move `cache_control` between turns; `type` is absent where text is a bare string. */
const NOT_CONTENT = new Set(['cache_control', 'type'])
/** Source: `metadata.user_id` of Claude Code before it became JSON; the account is empty where there is none. */
const OLD_USER_ID = /^user_[\da-f]+_account_[\da-f-]*_session_([\da-f-]+)$/i

/**
 * The conversation that a Messages request belongs to: the session that Claude Code names in a header, else the one inside `metadata.user_id`, else
 * a hash of how the conversation began. `null` when the body has no message of a user. Any client can name any conversation, so it
 * identifies one only among those of the same token.
 * @param body the parsed body; of any shape, never a reason to throw
 */
export function conversationOf (headers: IncomingHttpHeaders, body: unknown): string | null {
  return sessionId(headers['x-claude-code-session-id']) ??
    sessionOfUser(field(field(body, 'metadata'), 'user_id')) ??
    beginningOf(body)
}

/** Whether the conversation has had an answer before, and so may have a prompt cache somewhere. */
export function isContinued (body: unknown): boolean {
  return messagesOf(body).some((message) => field(message, 'role') === 'assistant')
}

function sessionId (value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_ID ? value : null
}

/** `metadata.user_id` may stand for a person with many conversations: only a session inside it tells one of them. */
function sessionOfUser (userId: unknown): string | null {
  if (typeof userId !== 'string' || userId.length > LONGEST_USER_ID) return null
  if (!userId.startsWith('{')) return sessionId(OLD_USER_ID.exec(userId)?.[1])
  try {
    return sessionId(field(JSON.parse(userId), 'session_id'))
  } catch {
    return null
  }
}

function beginningOf (body: unknown): string | null {
  const first = messagesOf(body).find((message) => field(message, 'role') === 'user')
  if (first === undefined) return null
  return hash('sha256', fingerprint(field(body, 'system')) + fingerprint(field(first, 'content')))
}

/** SHA-256 over the strings of a `system` or `content`: the same for a bare string and for a block with that text. */
function fingerprint (content: unknown): string {
  const digest = createHash('sha256')
  let left = MOST_VALUES
  const read = (value: unknown): void => {
    left--
    if (typeof value === 'string') digest.update(value)
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) return readAll(value)
    for (const name in value) {
      if (left <= 0) return
      if (!NOT_CONTENT.has(name)) read((value as Record<string, unknown>)[name])
    }
  }
  const readAll = (values: unknown[]): void => {
    for (const value of values) {
      if (left <= 0) return
      read(value)
    }
  }
  read(content)
  return digest.digest('hex')
}

function messagesOf (body: unknown): unknown[] {
  const messages = field(body, 'messages')
  return Array.isArray(messages) ? messages : []
}

function field (value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

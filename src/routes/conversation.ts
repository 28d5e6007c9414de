import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** The longest name of a conversation that is believed, in characters. */
const MOST = 200

/** A Messages body as far as it is read here: anything may stand anywhere. */
interface Body {
  metadata?: { user_id?: unknown } | null
  system?: unknown
  messages?: unknown
}

/**
 * Names the conversation that a Messages request belongs to: what Claude Code says in a header, else the session in `metadata.user_id`, else a hash
 * of what does not change from turn to turn: the system prompt and the first user message.
 * @returns null when there is nothing to go by
 */
export function conversationOf (headers: IncomingHttpHeaders, body: unknown): string | null {
  const session = headers['x-claude-code-session-id']
  if (typeof session === 'string' && session !== '' && session.length <= MOST) return session
  const { metadata, system, messages } = (typeof body === 'object' && body !== null ? body : {}) as Body
  return sessionOfUser(metadata?.user_id) ?? beginning(system, messages)
}

/** `user_id` names a person or an account, in one of two forms with a session beside it. Source: recorded requests of Claude Code. */
function sessionOfUser (userId: unknown): string | null {
  if (typeof userId !== 'string' || userId.length > 1_000) return null
  const older = /_session_([0-9a-f-]{1,64})$/i.exec(userId)?.[1]
  if (older !== undefined) return older
  if (!userId.startsWith('{')) return null
  try {
    const { session_id: session } = JSON.parse(userId) as { session_id?: unknown }
    return typeof session === 'string' && session !== '' && session.length <= MOST ? session : null
  } catch {
    return null
  }
}

function beginning (system: unknown, messages: unknown): string | null {
  const first = Array.isArray(messages) ? (messages as unknown[]).find((message) => (message as { role?: unknown } | null)?.role === 'user') : undefined
  if (first === undefined) return null
  const told = [blocksOf(system), blocksOf((first as { content?: unknown }).content)]
  return hash('sha256', JSON.stringify(told), 'base64url')
}

/** Content in its one spelling: blocks, without the cache markers that clients move from turn to turn. */
function blocksOf (content: unknown): unknown[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) return []
  return (content as unknown[]).map((block) => {
    if (typeof block !== 'object' || block === null) return block
    const { cache_control: _, ...rest } = block as Record<string, unknown>
    return rest
  })
}

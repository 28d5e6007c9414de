import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { Kysely } from 'kysely'
import type { Database, WebConversationRow } from '../plugins/database/schema.ts'
import type { WebAnswered, WebPlace } from './web-client.ts'
import type { WebConversation, WebPoint } from './web-conversation.ts'
import { webFaultOf } from './web-faults.ts'

/** Conversations that are held at the same time, and points of one at which it can be gone on with. */
const MOST_HELD = 1_000
const MOST_STATES = 64
/** Deletions that run at the same time. */
const MOST_DELETIONS = 4
/** Conversations that wait to be deleted; further ones stay written down, for a later start. */
const MOST_LEFTOVERS = 10_000
/** The wait after a deletion that failed, in milliseconds; it doubles with each. */
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 5 * 60_000

interface Leftover {
  row: WebConversationRow
  /** Null for what an earlier run left: its session has the cookie. */
  place: WebPlace | null
  failures: number
  dueAt: number
  running: boolean
}

export interface WebConversationsDeps {
  db: Kysely<Database>
  log: Pick<FastifyBaseLogger, 'warn'>
  /** Deletes one on claude.ai; undefined when nobody has a cookie for it any more. @param place where it was made, if this run made it */
  remove: (row: WebConversationRow, place: WebPlace | null) => Promise<WebAnswered | undefined>
  /** How long one is held for its next turn, in milliseconds; 0 holds none. */
  ttl: number
  /** Epoch milliseconds. */
  clock?: () => number
}

export type WebConversations = ReturnType<typeof createWebConversations>

/**
 * The conversations that the gateway has made on claude.ai: held for their next turn, then deleted. Each is written down before it is made and
 * crossed out after it is gone, so that whatever happens in between, a later start deletes what was left.
 */
export function createWebConversations ({ db, log, remove, ttl, clock = Date.now }: WebConversationsDeps) {
  /** In the order of their last use. */
  const held = new Map<string, WebConversation>()
  const byState = new Map<string, WebConversation>()
  const leftovers = new Map<string, Leftover>()
  const waiting = new Set<() => void>()
  /** Opened in this run and not yet dropped: none of what an earlier one left. */
  const own = new Set<string>()
  let timer: NodeJS.Timeout | null = null
  let closed = false

  function forget (conversation: WebConversation): void {
    held.delete(conversation.id)
    for (const name of conversation.states.keys()) byState.delete(name)
  }

  function leave (row: WebConversationRow, place: WebPlace | null): void {
    own.delete(row.id)
    if (leftovers.size >= MOST_LEFTOVERS) return
    leftovers.set(row.id, { row, place, failures: 0, dueAt: 0, running: false })
  }

  /** Deletes what is due, a few at a time, and comes back for the rest. */
  function work (): void {
    if (closed) return
    const now = clock()
    const all = [...leftovers.values()]
    let free = MOST_DELETIONS - all.filter(({ running }) => running).length
    for (const leftover of all) {
      if (free <= 0) break
      if (leftover.running || leftover.dueAt > now) continue
      free--
      leftover.running = true
      deletion(leftover).catch((error: unknown) => log.warn({ err: error }, 'a deletion failed in a way that nobody foresaw'))
    }
    // While as many run as may, the end of one of them is what comes next.
    const due = free > 0 ? Math.min(...all.filter(({ running }) => !running).map(({ dueAt }) => dueAt)) : Infinity
    if (timer !== null) clearTimeout(timer)
    timer = Number.isFinite(due) ? setTimeout(work, Math.max(50, due - now)).unref() : null
  }

  async function deletion (leftover: Leftover): Promise<void> {
    const { row: { id } } = leftover
    try {
      if (await isGone(leftover)) {
        await db.deleteFrom('web_conversations').where('id', '=', id).execute()
        leftovers.delete(id)
      } else {
        putOff(leftover)
      }
    } catch (error) {
      putOff(leftover)
      log.warn({ err: error }, 'a deleted conversation could not be crossed out')
    } finally {
      leftover.running = false
      work()
      if (![...leftovers.values()].some(({ running }) => running)) for (const tell of waiting) tell()
    }
  }

  function putOff (leftover: Leftover): void {
    leftover.dueAt = clock() + Math.min(FIRST_WAIT * 2 ** leftover.failures, LONGEST_WAIT)
    leftover.failures++
    if (leftover.failures !== 3) return
    log.warn({ sessionId: leftover.row.session_id }, 'a conversation on claude.ai cannot be deleted; it is tried again from time to time')
  }

  /** By evidence too: a page that stands where an answer should be says nothing of the conversation, whatever its status. */
  async function isGone ({ row, place }: Leftover): Promise<boolean> {
    try {
      const answer = await remove(row, place)
      if (answer === undefined) return true
      const kind = webFaultOf(answer, clock())?.row.kind
      return kind === undefined || kind === 'conversation_gone' || (answer.status === 404 && kind !== 'challenge')
    } catch {
      return false
    }
  }

  function drop (conversation: WebConversation): void {
    forget(conversation)
    leave(rowOf(conversation), conversation.place)
    work()
  }

  return {
    /** Conversations held for their next turn. */
    get held (): number {
      return held.size
    },

    /** Conversations that are to be deleted and are not yet. */
    get leftovers (): number {
      return leftovers.size
    },

    /** Takes up what an earlier run of the gateway left behind. */
    async start (): Promise<void> {
      const rows = await db.selectFrom('web_conversations').selectAll().limit(MOST_LEFTOVERS).execute()
      // The door is open already: a request may have begun one meanwhile.
      for (const row of rows) if (!own.has(row.id)) leave(row, null)
      work()
    },

    /** A new conversation, written down before it is made. Whoever opens it keeps or drops it. */
    async open (sessionId: string, place: WebPlace): Promise<WebConversation> {
      const conversation: WebConversation = { id: randomUUID(), sessionId, place, states: new Map(), busy: true, usedAt: clock() }
      own.add(conversation.id)
      try {
        await db.insertInto('web_conversations').values(rowOf(conversation)).execute()
      } catch (error) {
        own.delete(conversation.id)
        throw error
      }
      return conversation
    },

    /** The conversation in which exactly this was said; it is the caller's until it is kept, released or dropped. */
    claim (state: string): WebPoint | null {
      const conversation = byState.get(state)
      if (conversation === undefined || conversation.busy) return null
      conversation.busy = true
      return { conversation, parent: conversation.states.get(state)! }
    },

    /** Nothing was done to a claimed conversation. */
    release (conversation: WebConversation): void {
      conversation.busy = false
    },

    /** Holds a conversation for its next turn. @param answer the upstream's id of the answer that this state ends with */
    keep (conversation: WebConversation, state: string, answer: string): void {
      if (ttl === 0 || closed) return drop(conversation)
      conversation.busy = false
      conversation.usedAt = clock()
      // What others hold under this name ends in the same words; the newer one serves as well.
      byState.get(state)?.states.delete(state)
      conversation.states.set(state, answer)
      byState.set(state, conversation)
      const [oldest] = conversation.states.keys()
      if (conversation.states.size > MOST_STATES) {
        conversation.states.delete(oldest!)
        byState.delete(oldest!)
      }
      held.delete(conversation.id)
      held.set(conversation.id, conversation)
      if (held.size > MOST_HELD) drop([...held.values()].find(({ busy }) => !busy)!)
    },

    /** Deletes a conversation, in the background and for as long as it takes. */
    drop,

    /** Deletes what has waited for its next turn too long. */
    sweep (): void {
      const oldest = clock() - ttl
      for (const conversation of [...held.values()]) {
        if (!conversation.busy && conversation.usedAt < oldest) drop(conversation)
      }
    },

    /** Deletes everything of one session that is held. */
    dropAllOf (sessionId: string): void {
      for (const conversation of [...held.values()]) if (conversation.sessionId === sessionId && !conversation.busy) drop(conversation)
    },

    /** Tries at once what waits for its next try, as when a session has come back. */
    hurry (): void {
      for (const leftover of leftovers.values()) leftover.dueAt = 0
      work()
    },

    /** Resolves when everything that is to be deleted has been, or has been tried; at the latest after so many milliseconds. */
    async settled (patience: number): Promise<void> {
      if (![...leftovers.values()].some(({ running }) => running)) return
      await new Promise<void>((resolve) => {
        const over = (): void => {
          clearTimeout(limit)
          waiting.delete(over)
          resolve()
        }
        // Not unref'ed: whoever waits has nothing else, perhaps, that keeps the process.
        const limit = setTimeout(over, patience)
        waiting.add(over)
      })
    },

    /** Deletes what is held, as far as that is possible within so many milliseconds; the rest is the next start's. */
    async close (patience: number): Promise<void> {
      for (const conversation of [...held.values()]) drop(conversation)
      await this.settled(patience)
      closed = true
      if (timer !== null) clearTimeout(timer)
    }
  }

  function rowOf ({ id, sessionId, place, usedAt }: WebConversation): WebConversationRow {
    return { id, session_id: sessionId, organization_id: place.organizationId, created_at: usedAt }
  }
}

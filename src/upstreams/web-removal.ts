import type { WebConversationRow } from '../plugins/database/schema.ts'
import type { SessionStore } from '../plugins/session-store.ts'
import type { WebAnswered, WebClient, WebPlace } from './web-client.ts'
import { webFaultOf } from './web-faults.ts'

type Holder = Pick<NonNullable<ReturnType<SessionStore['get']>>, 'cookie' | 'row'>

export interface RemovalDeps {
  store: { get: (id: string) => Holder | undefined, list: () => readonly Holder[] }
  client: Pick<WebClient, 'remove'>
}

/** Deletes conversations with the cookie that can: the session's own first, for it may have been renewed since, else the one they were made with. */
export function createRemoval ({ store, client }: RemovalDeps) {
  /** A session of the same organisation: where one has ended, its owner signs in again and adds the new cookie. */
  function heirOf (organizationId: string): string | null {
    return store.list().find(({ cookie, row }) => cookie !== null && row.organization_id === organizationId && row.status === 'active')?.cookie ?? null
  }

  /**
   * @param place where it was made, if this run made it
   * @returns undefined when nobody can delete it any more
   * @throws Error when it cannot be deleted now
   */
  return async function remove (row: WebConversationRow, place: WebPlace | null): Promise<WebAnswered | undefined> {
    const session = store.get(row.session_id)
    const isOver = session === undefined || session.row.status === 'dead' || session.row.status === 'disabled'
    const heir = isOver ? heirOf(row.organization_id) : null
    if (heir !== null) return client.remove({ cookie: heir, organizationId: row.organization_id }, row.id)
    // Asked again and again with a cookie that has ended, claude.ai would see nothing else of us. A check that goes well comes back to it.
    if (session !== undefined && isOver) throw new Error('the session has ended')
    const cookie = session?.cookie ?? place?.cookie
    if (cookie === undefined) {
      if (session === undefined) return undefined
      throw new Error('the session cannot be decrypted')
    }
    const answer = await client.remove({ cookie, organizationId: row.organization_id }, row.id)
    return session === undefined && hasEnded(answer) ? undefined : answer
  }
}

/** A session that was deleted here comes back by no check. */
function hasEnded (answer: WebAnswered): boolean {
  const kind = webFaultOf(answer, Date.now())?.row.kind
  return kind === 'dead' || kind === 'disabled'
}

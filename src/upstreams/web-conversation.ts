import type { WebPlace } from './web-client.ts'

/** A conversation that this gateway holds on claude.ai. */
export interface WebConversation {
  readonly id: string
  readonly sessionId: string
  /** With the cookie that it was made with: it can be deleted also when its session is gone. */
  readonly place: WebPlace
  /** Names of what was said so far (see `translate/web/conversation-chain.ts`), each with the upstream's id of its last answer. */
  readonly states: Map<string, string>
  /** A turn is running in it: nobody else may go on with it. */
  busy: boolean
  /** Epoch milliseconds. */
  usedAt: number
}

/** Where a conversation can be gone on with. */
export interface WebPoint {
  conversation: WebConversation
  /** The upstream's id of the answer that the new turn follows. */
  parent: string
}

import type { IncomingHttpHeaders } from 'node:http'
import type { RequestRecord } from '../request-record.ts'
import type { Flow, Sink } from './sink.ts'

/** A request in Anthropic's Messages protocol, or for the content of a file, as an upstream takes it. */
export interface UpstreamRequest {
  endpoint: 'messages' | 'count_tokens' | 'content'
  /** Of a content: made of constants and checked values. */
  path?: string
  /** The client's query string with its `?`, or empty. */
  query: string
  /** The client's headers; the upstream forwards what may be forwarded. */
  headers: IncomingHttpHeaders
  /** The body's original bytes. They are sent as they are; a content is asked for without any. */
  body: Buffer | null
  /** Empty when the request is about none. */
  model: string
  /** The client token: what is remembered of a conversation is its alone. */
  tokenId: string
  /** The client token and its conversation, where the choice of the credential follows them. */
  affinity?: string
  /** The conversation has had an answer before. */
  continued?: boolean
  /** The only workspace whose credentials will do: what the request names lives there. */
  workspace?: string
  /** Where to note which credential served the request and what it cost. */
  record: RequestRecord
}

/** One way to Claude. Both ways speak Messages, so that a translation above does not care which it is. */
export interface Upstream {
  /** Sends a request and feeds its answer to the sink, which hears of every failure. Never throws. */
  send (request: UpstreamRequest, sink: Sink): Flow
}

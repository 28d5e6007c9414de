/**
 * Anthropic's TypeScript SDK in its two generations, as far as the tests use them. The types are written out here because the packages
 * are only there after `npm run test:clients` has installed them, while the whole project is type checked without.
 */

export type Block =
  | { type: 'text', text: string }
  | { type: 'thinking', thinking: string, signature: string }
  | { type: 'tool_use', id: string, name: string, input: unknown }

export interface Message {
  id: string
  model: string
  content: Block[]
  stop_reason: string | null
  usage: { input_tokens: number, output_tokens: number }
  _request_id?: string | null
}

/** A stream as the wire has it; leaving the loop or aborting the controller ends the request. */
export interface EventStream extends AsyncIterable<{ type: string }> {
  controller: AbortController
}

/** A stream that is put together to a message. */
export interface MessageStream {
  on (event: 'text', listener: (delta: string) => void): this
  finalMessage (): Promise<Message>
  abort (): void
}

export interface Body { model: string, max_tokens: number, messages: object[], [field: string]: unknown }

export interface RequestOptions {
  headers?: Record<string, string>
  signal?: AbortSignal
}

export interface Model { id: string, display_name: string }

export interface Client {
  messages: {
    create (body: Body & { stream: true }, options?: RequestOptions): Promise<EventStream>
    create (body: Body, options?: RequestOptions): Promise<Message>
    stream (body: Body, options?: RequestOptions): MessageStream
    countTokens (body: object, options?: RequestOptions): Promise<{ input_tokens: number, _request_id?: string | null }>
  }
  models: {
    list (query?: { limit?: number }): AsyncIterable<Model>
    retrieve (id: string): Promise<Model>
  }
  beta: { messages: { create (body: Body & { betas: string[] }): Promise<Message> } }
}

export interface ApiError extends Error {
  status: number | undefined
  headers: Headers | undefined
  /** The body, parsed if it is JSON. */
  error: unknown
  requestID: string | null | undefined
}

interface ClientOptions { baseURL: string, apiKey: string, authToken: null, maxRetries: number }

type Constructor<Instance> = new (...args: never[]) => Instance

/** The package's default export: the client's class, with the classes of all errors as its static fields. */
export type Sdk = (new (options: ClientOptions) => Client) & Record<string, Constructor<ApiError>>

/** The packages' names in this folder's `package.json`. */
export type SdkName = 'anthropic-sdk-0' | 'anthropic-sdk-1'

export async function loadSdk (name: SdkName): Promise<Sdk> {
  return (await import(name) as { default: Sdk }).default
}

/** A client that sees every error at once unless it is told to retry. */
export function connect (Anthropic: Sdk, baseURL: string, apiKey: string, maxRetries = 0): Client {
  return new Anthropic({ baseURL, apiKey, authToken: null, maxRetries })
}

/** The class of an error. @throws Error when the SDK has none of that name, which would make a test of it worthless */
export function classOf (Anthropic: Sdk, name: string): Constructor<ApiError> {
  const found = Anthropic[name]
  if (found === undefined) throw new Error(`the SDK has no ${name}`)
  return found
}

/** The header that makes the simulator fail as told; the gateway forwards it as it forwards all of `anthropic-*`. */
export function fault (wish: string): RequestOptions {
  return { headers: { 'anthropic-simulator-fault': wish } }
}

/** What a promise fails with. @throws Error when it does not */
export async function errorOf (promise: Promise<unknown>): Promise<ApiError> {
  try {
    await promise
  } catch (error) {
    return error as ApiError
  }
  throw new Error('the call should have failed')
}

/** The `error.type` in an error's body. */
export function typeOf (error: ApiError): string | undefined {
  return (error.error as { error?: { type?: string } } | undefined)?.error?.type
}

/**
 * The OpenAI SDK, as far as the tests use it. The types are written out here because the package is only there after `npm run test:clients` has
 * installed it, while the whole project is type checked without.
 */

export interface ToolCall { id: string, type: 'function' | 'custom', function: { name: string, arguments: string }, custom?: { name: string, input: string } }

export interface Completion<Parsed = unknown> {
  id: string
  model: string
  choices: Array<{
    finish_reason: string
    message: {
      content: string | null
      refusal: string | null
      reasoning_content?: string
      tool_calls?: ToolCall[]
      parsed?: Parsed
    }
  }>
  usage: { prompt_tokens: number, completion_tokens: number, total_tokens: number, prompt_tokens_details: { cached_tokens: number } } | null
  _request_id?: string | null
}

export interface Chunk {
  choices: Array<{ delta: { content?: string, reasoning_content?: string, tool_calls?: object[] }, finish_reason: string | null }>
  usage?: object | null
}

export interface CompletionStream extends AsyncIterable<Chunk> {
  finalChatCompletion (): Promise<Completion>
}

/** A loop of calls that runs the client's functions. */
export interface Runner {
  on (event: 'message', listener: (message: { role: string, content: unknown }) => void): this
  finalContent (): Promise<string | null>
  totalUsage (): Promise<{ total_tokens: number }>
}

export interface ResponseItem {
  type: string
  id: string
  status?: string
  name?: string
  namespace?: string
  call_id?: string
  arguments?: string
  input?: string
  encrypted_content?: string | null
  content?: Array<{ type: string, text?: string, refusal?: string }>
  summary?: Array<{ text: string }>
}

export interface Response<Parsed = unknown> {
  id: string
  status: string
  error: { code: string, message: string } | null
  incomplete_details: { reason: string } | null
  output: ResponseItem[]
  output_text: string
  output_parsed?: Parsed
  usage: { input_tokens: number, output_tokens: number, output_tokens_details: { reasoning_tokens: number } }
}

export interface ResponseEvent { type: string, sequence_number: number, delta?: string, response?: Response }

export interface ResponseStream extends AsyncIterable<ResponseEvent> {
  finalResponse (): Promise<Response>
}

export interface RequestOptions { headers?: Record<string, string>, signal?: AbortSignal }

export interface Client {
  chat: {
    completions: {
      create (body: object, options?: RequestOptions): Promise<Completion>
      parse<Parsed> (body: object): Promise<Completion<Parsed>>
      stream (body: object, options?: RequestOptions): CompletionStream
      runTools (body: object): Runner
    }
  }
  responses: {
    create (body: object, options?: RequestOptions): Promise<Response>
    parse<Parsed> (body: object): Promise<Response<Parsed>>
    stream (body: object, options?: RequestOptions): ResponseStream
    retrieve (id: string): Promise<Response>
    delete (id: string): Promise<void>
  }
  models: {
    list (): AsyncIterable<{ id: string, object: string, created: number, owned_by: string }>
    retrieve (id: string): Promise<{ id: string, created: number }>
  }
}

export interface ApiError extends Error {
  status: number | undefined
  headers: Headers | undefined
  code: string | null | undefined
  param: string | null | undefined
  type: string | undefined
  requestID: string | null | undefined
}

type Constructor<Instance> = new (...args: never[]) => Instance

/** The package's default export: the client's class, with the classes of all errors as its static fields. */
export type OpenAI = (new (options: { baseURL: string, apiKey: string, maxRetries: number }) => Client) & Record<string, Constructor<ApiError>>

/** Helpers that make formats out of zod's schemas. */
export interface ZodHelpers {
  zodResponseFormat (schema: unknown, name: string): object
  zodTextFormat (schema: unknown, name: string): object
  zodFunction (options: object): object
}

export interface Zod {
  object (shape: object): unknown
  string (): { describe (text: string): unknown }
  number (): { int (): unknown }
  array (of: unknown): unknown
}

/** A module that is there once the clients are installed. */
export async function load<Module> (name: string): Promise<Module> {
  return await import(name) as Module
}

export async function loadOpenAI (): Promise<OpenAI> {
  return (await load<{ default: OpenAI }>('openai')).default
}

/** A client that sees every error at once unless it is told to retry. */
export function connectOpenAI (OpenAI: OpenAI, { url, token }: { url: string, token: string }, maxRetries = 0): Client {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries })
}

/** One of the package's classes of errors. */
export function classOf (OpenAI: OpenAI, name: string): Constructor<ApiError> {
  const found = OpenAI[name]
  if (found === undefined) throw new Error(`the SDK has no class ${name}`)
  return found
}

/** The header that makes the simulator fail as told; the gateway forwards it as it forwards all of `anthropic-*`. */
export function fault (wish: string): RequestOptions {
  return { headers: { 'anthropic-simulator-fault': wish } }
}

export async function errorOf (failing: Promise<unknown>): Promise<ApiError> {
  return failing.then(() => { throw new Error('it succeeded') }, (error: ApiError) => error)
}

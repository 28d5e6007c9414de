import { randomUUID } from 'node:crypto'
import { buildSimulator, type Simulator, type SimulatorOptions } from '../../../src/simulator/app.ts'
import type { Conversation } from '../../../src/simulator/web/conversations.ts'
import type { WebControl } from '../../../src/simulator/web/control.ts'
import { exchange, open, parseEvents, textOf, type Outcome } from '../helpers.ts'

interface Test { teardown: (action: () => unknown) => void }

export const KEY = 'sk-ant-sid01-made-up-aaaa'

export const cookieOf = (key: string): Record<string, string> => ({ cookie: `sessionKey=${key}` })

/** A simulator on a real port, seen by one account. */
export interface Site {
  app: Simulator
  web: WebControl
  url: string
  key: string
  organization: string
  /** A new conversation, made without a request. */
  begin: (fields?: Partial<Conversation>) => Conversation
}

export async function site (t: Test, key = KEY, options?: SimulatorOptions): Promise<Site> {
  const app = buildSimulator(options)
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { web } = app.simulator
  const organization = web.organizations(key).at(-1)!.uuid
  const begin = (fields: Partial<Conversation> = {}): Conversation => {
    const conversation: Conversation = {
      uuid: randomUUID(), name: '', organization, key, temporary: true, model: null, settings: {}, messages: [], created_at: '2026-11-24T00:00:00Z', ...fields
    }
    web.conversations.set(conversation.uuid, conversation)
    return conversation
  }
  return { app, web, url, key, organization, begin }
}

/** Sends a request without a body, or with a JSON one. */
export async function call ({ url, key }: Pick<Site, 'url' | 'key'>, method: string, path: string, body?: object) {
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: { ...cookieOf(key), 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body)
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) }
}

export const conversationsPath = ({ organization }: Pick<Site, 'organization'>, uuid?: string): string =>
  `/api/organizations/${organization}/chat_conversations${uuid === undefined ? '' : `/${uuid}`}`

/** A completion's body in the newer style. */
export const turnOf = (prompt: string, fields: object = {}) =>
  ({ prompt, timezone: 'UTC', rendering_mode: 'messages', attachments: [], files: [], ...fields })

export const completionPath = (here: Site, { uuid }: Conversation): string => `${conversationsPath(here, uuid)}/completion`

/** Says a turn over a socket of its own, and reads to the end. */
export async function say (here: Site, conversation: Conversation, prompt: string, fields: object = {}): Promise<Outcome> {
  return exchange(here.url, turnOf(prompt, fields), cookieOf(here.key), completionPath(here, conversation))
}

/** Begins to say a turn. */
export const startSaying = (here: Site, conversation: Conversation, prompt: string, fields: object = {}) =>
  open(here.url, turnOf(prompt, fields), cookieOf(here.key), completionPath(here, conversation))

/** The fields that go on from the conversation's last message. */
export const after = ({ messages }: Conversation) => ({ parent_message_uuid: messages.at(-1)!.uuid })

/** What an answer in the newer style says. */
export const said = ({ text }: Outcome): string => textOf(parseEvents(text))

import type { Answer } from './raw-client.ts'
import { send } from './raw-client.ts'
import type { WebGateway } from './web.ts'

export interface Said { role: 'user' | 'assistant', content: unknown }

export interface TalkOptions {
  /** Fields of every request beside its messages. */
  more?: object
  /** The token that asks; the gateway's own when left out. */
  token?: string
}

/** A client of the Messages protocol that sends its whole history with every turn, as all of them do. */
export class Talk {
  readonly #gateway: WebGateway
  readonly #options: TalkOptions
  history: Said[] = []
  /** The bytes of the bodies it has sent. */
  sent = 0

  constructor (gateway: WebGateway, options: TalkOptions = {}) {
    this.#gateway = gateway
    this.#options = options
  }

  /** A client with the same past. */
  branch (options: TalkOptions = this.#options): Talk {
    const other = new Talk(this.#gateway, options)
    other.history = [...this.history]
    return other
  }

  /** Asks with the history as it is, and adds nothing to it. */
  async ask (content: unknown): Promise<Answer> {
    const { token, more } = this.#options
    const body = JSON.stringify({ model: 'claude-sonnet-5-5', max_tokens: 4_096, messages: [...this.history, { role: 'user', content }], ...more })
    this.sent += Buffer.byteLength(body)
    const headers = { ...this.#gateway.headers, ...token !== undefined && { authorization: `Bearer ${token}` } }
    return send(this.#gateway.url, { headers, body })
  }

  /** Says something and hears the answer; both are history then. @throws Error for anything but an answer */
  async say (content: unknown): Promise<string> {
    const { status, body } = await this.ask(content)
    if (status !== 200) throw new Error(`${status} ${body.toString()}`)
    const answer = JSON.parse(body.toString()) as { content: Array<{ type: string, text?: string }> }
    const text = answer.content.map((block) => block.text ?? '').join('')
    this.history.push({ role: 'user', content }, { role: 'assistant', content: text })
    return text
  }
}

/** What the simulated claude.ai was asked in its conversations, oldest first: where, and the body. */
export function completionsOf ({ web }: WebGateway): Array<{ conversation: string, body: Completion }> {
  return web.requests.filter(({ endpoint }) => endpoint === 'completion').map(({ url, body }) => ({
    conversation: /chat_conversations\/([^/]+)\//.exec(url)![1]!, body: JSON.parse(body.toString()) as Completion
  }))
}

export interface Completion {
  prompt: string
  parent_message_uuid?: string
  attachments: Array<{ file_name: string, extracted_content: string }>
  files: string[]
}

/** How often claude.ai was asked for something. */
export function count ({ web }: WebGateway, endpoint: string): number {
  return web.requests.filter((request) => request.endpoint === endpoint).length
}

import { Argument, type Command } from 'commander'
import { backUp, readIfThere, replaceFile } from '../files.ts'
import { adminOf, askGateway } from '../gateway.ts'
import { note, say, sayJson, type Io } from '../io.ts'
import { command, withGateway } from '../options.ts'
import { readSecret } from '../secret-input.ts'
import { checkedUrl, gatewayUrl, sourcesOf, warnOfPlainHttp, type GatewayOptions } from '../settings.ts'
import { when } from '../times.ts'
import type { MadeToken, TokenInfo } from '../tokens.ts'
import { claudeCode } from './claude-code.ts'
import type { Client, Connection } from './client.ts'
import { codex } from './codex.ts'
import { anthropic, openai } from './sdk.ts'

const CLIENTS: Record<string, Client> = { 'claude-code': claudeCode, codex, openai, anthropic }

interface Options extends GatewayOptions {
  json?: boolean
  write?: boolean
  tokenFile?: string
  name?: string
  expiresIn?: string
  clientUrl?: string
  model: string
}

/** `ccproxy connect` */
export function connectCommand (io: Io): Command {
  return withGateway(command('connect', 'make a token, and show or write the settings with which a client uses the gateway', [
    'ccproxy connect claude-code', 'ccproxy connect claude-code --write', 'ccproxy connect codex --write --model claude-opus-5-5',
    'ccproxy connect openai --token-file token.txt'
  ]))
    .addArgument(new Argument('<client>', 'which client').choices(Object.keys(CLIENTS)))
    .option('--write', 'put the settings into the client\'s file; what is there stays, and a copy is kept')
    .option('--token-file <path>', 'file that holds a token to use, - for standard input (default: a new one is made)')
    .option('--name <name>', 'name of the new token (default: that of the client)')
    .option('--expires-in <duration>', 'how long the new token is valid, such as 30d')
    .option('--client-url <url>', 'address that the client shall use (default: server.public_url, or that of the gateway)')
    .option('--model <model>', 'model that Codex shall use', 'claude-sonnet-5-5')
    .action((name: string, options: Options) => connect(io, name, options))
}

async function connect (io: Io, clientName: string, options: Options): Promise<void> {
  const client = CLIENTS[clientName]!
  const file = client.file(io)
  const url = clientUrl(io, options)
  const text = readIfThere(file) ?? ''
  // A file that cannot be changed is known before a token is made in vain.
  if (options.write === true) client.merge(text, { url, token: 'not-yet', model: options.model })
  const made = options.tokenFile === undefined ? await makeToken(io, clientName, options) : await takeToken(io, options)
  const connection = { url, token: made.token, model: options.model }
  const backup = options.write === true ? write(io, client, file, connection) : null
  if (options.json === true) {
    const settings = client.settings(connection)
    const written = options.write === true
    return sayJson(io, { client: clientName, url, token: made.token, expires_at: made.expires_at, settings, file, written, backup })
  }
  note(io, `Token "${made.name}", ends ${when(made.expires_at, io.now())}.\n`)
  if (options.write !== true) return say(io, client.byHand(connection, file))
  say(io, `${file} points ${client.title} at ${url}.`)
  if (backup !== null) note(io, `As it was before: ${backup}`)
  if (client.afterwards !== undefined) say(io, `\n${client.afterwards(connection)}`)
}

function clientUrl (io: Io, options: Options): string {
  if (options.clientUrl !== undefined) return checkedUrl(options.clientUrl, '--client-url')
  const configured = options.url === undefined && !io.env['CCPROXY_URL'] ? sourcesOf(io).values.get('server.public_url')?.value : undefined
  return configured === undefined ? gatewayUrl(io, options) : checkedUrl(String(configured), 'server.public_url')
}

/** @returns the copy of what was there; null where nothing was */
function write (io: Io, client: Client, file: string, connection: Connection): string | null {
  const text = readIfThere(file)
  const merged = client.merge(text ?? '', connection)
  const backup = text === undefined ? null : backUp(file, io.now())
  replaceFile(file, merged)
  return backup
}

async function makeToken (io: Io, clientName: string, options: Options): Promise<MadeToken> {
  const { ask } = await adminOf(io, options)
  return ask<MadeToken>('/api/token/generate', { method: 'POST', body: { name: options.name ?? clientName, expires_in: options.expiresIn } })
}

/** A token that is not valid is refused now rather than by the client. */
async function takeToken (io: Io, options: Options): Promise<TokenInfo & { token: string }> {
  const url = gatewayUrl(io, options)
  warnOfPlainHttp(io, url)
  const token = await readSecret(io, { what: 'token', file: options.tokenFile, option: '--token-file' })
  return { ...await askGateway<TokenInfo>(url, '/api/token/info', {}, { authorization: `Bearer ${token}` }), token }
}

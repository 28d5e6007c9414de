import { Option, type Command } from 'commander'
import { TOKEN_MODES, type TokenMode } from '../plugins/database/schema.ts'
import { choose } from './choose.ts'
import { adminOf, askGateway } from './gateway.ts'
import { note, painter, say, sayJson, type Io } from './io.ts'
import { command, withGateway } from './options.ts'
import { readSecret } from './secret-input.ts'
import { gatewayUrl, warnOfPlainHttp, type GatewayOptions } from './settings.ts'
import { facts, table } from './table.ts'
import { when } from './times.ts'

/** A token as the admin API tells it. */
export interface TokenInfo {
  id: string
  name: string
  mode: TokenMode
  created_at: string
  expires_at: string
  revoked_at: string | null
  last_used_at: string | null
  is_valid: boolean
}

/** What making a token answers: the only time that the token is shown. */
export interface MadeToken {
  token: string
  id: string
  name: string
  mode: TokenMode
  expires_at: string
}

interface Options extends GatewayOptions {
  json?: boolean
}

interface CreateOptions extends Options {
  expiresIn?: string
  mode?: TokenMode
}

/** `ccproxy token …` */
export function tokenCommand (io: Io): Command {
  const group = command('token', 'make, list and revoke client tokens', ['ccproxy token create laptop --expires-in 30d', 'ccproxy token list'])
  group.addCommand(withGateway(command('create', 'make a token; it is shown this once', [
    'ccproxy token create laptop', 'ccproxy token create ci --expires-in 12h --mode api', 'TOKEN=$(ccproxy token create script)'
  ]))
    .argument('<name>', 'whose it is')
    .option('--expires-in <duration>', 'how long it is valid, such as 90m, 720h or 30d (default: jwt.default_expiry of the gateway)')
    .addOption(new Option('--mode <mode>', 'what it may use').choices([...TOKEN_MODES]))
    .action((name: string, options: CreateOptions) => create(io, name, options)))
  group.addCommand(withGateway(command('list', 'show all tokens, newest first', ['ccproxy token list', 'ccproxy token list --json | jq \'.tokens[].name\'']))
    .action((options: Options) => list(io, options)))
  group.addCommand(withGateway(command('revoke', 'end a token at once, with its running answers', ['ccproxy token revoke laptop']))
    .argument('<id-or-name>', 'which one')
    .action((wanted: string, options: Options) => revoke(io, wanted, options)))
  group.addCommand(command('info', 'show what a token is good for', ['ccproxy token info', 'ccproxy token info --file token.txt', 'echo "$TOKEN" | ccproxy token info --file -'])
    .option('--url <url>', 'address of the gateway (default: CCPROXY_URL, or the host and port of the configuration)')
    .option('--file <path>', 'file that holds the token, - for standard input (default: CCPROXY_TOKEN, or asked for)')
    .option('--json', 'write JSON, for scripts')
    .action((options: Options & { file?: string }) => info(io, options)))
  return group
}

async function create (io: Io, name: string, options: CreateOptions): Promise<void> {
  const { ask } = await adminOf(io, options)
  const made = await ask<MadeToken>('/api/token/generate', { method: 'POST', body: { name, expires_in: options.expiresIn, mode: options.mode } })
  if (options.json) return sayJson(io, made)
  say(io, made.token)
  note(io, `\nToken "${made.name}" (${made.id}), mode ${made.mode}, ends ${when(made.expires_at, io.now())}. It cannot be shown again.`)
}

async function list (io: Io, options: Options): Promise<void> {
  const { ask } = await adminOf(io, options)
  const answer = await ask<{ tokens: TokenInfo[] }>('/api/token/list')
  if (options.json) return sayJson(io, answer)
  if (answer.tokens.length === 0) return note(io, 'There are no tokens yet: ccproxy token create <name>')
  const paint = painter(io)
  const now = io.now()
  say(io, table(['ID', 'NAME', 'MODE', 'STATE', 'CREATED', 'ENDS', 'LAST USED'].map((title) => paint('bold', title)), answer.tokens.map((token) => [
    token.id, token.name, token.mode, paint(token.is_valid ? 'green' : 'red', stateOf(token)),
    when(token.created_at, now), when(token.expires_at, now), when(token.last_used_at, now)
  ])))
}

async function revoke (io: Io, wanted: string, options: Options): Promise<void> {
  const { ask } = await adminOf(io, options)
  const { tokens } = await ask<{ tokens: TokenInfo[] }>('/api/token/list')
  const { id, name } = choose('token', tokens.filter((token) => token.id === wanted || token.is_valid), wanted)
  const answer = await ask<{ message: string }>('/api/token/revoke', { method: 'POST', body: { id } })
  if (options.json) return sayJson(io, { ...answer, id, name })
  say(io, `Token "${name}" (${id}) is revoked.`)
}

async function info (io: Io, { file, ...options }: Options & { file?: string }): Promise<void> {
  const url = gatewayUrl(io, options)
  warnOfPlainHttp(io, url)
  const known = file === undefined ? io.env['CCPROXY_TOKEN']?.trim() : undefined
  const token = known || await readSecret(io, { what: 'token', file })
  const told = await askGateway<TokenInfo>(url, '/api/token/info', {}, { authorization: `Bearer ${token}` })
  if (options.json) return sayJson(io, told)
  const now = io.now()
  say(io, facts([
    ['Name', told.name], ['Id', told.id], ['Mode', told.mode], ['State', stateOf(told)], ['Created', when(told.created_at, now)],
    ['Ends', when(told.expires_at, now)], ['Last used', when(told.last_used_at, now)]
  ]))
}

function stateOf (token: TokenInfo): string {
  return token.is_valid ? 'valid' : token.revoked_at === null ? 'expired' : 'revoked'
}

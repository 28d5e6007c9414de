import type { Command } from 'commander'
import type { SessionState } from '../plugins/session-report.ts'
import { choose } from './choose.ts'
import { CliError } from './errors.ts'
import { adminOf } from './gateway.ts'
import { note, painter, say, sayJson, type Colour, type Io } from './io.ts'
import { command, withGateway } from './options.ts'
import { readSecret } from './secret-input.ts'
import type { GatewayOptions } from './settings.ts'
import { facts, table } from './table.ts'
import { when } from './times.ts'

/** A session as the admin API tells it, as far as it is shown here. */
export interface SessionInfo {
  id: string
  name: string
  organization_name: string | null
  plan: string | null
  status: SessionState
  status_reason: string | null
  warning: string | null
  cooldown_until?: string | null
  cookie_ends_at?: string
  last_used_at?: string | null
  expires_at: string | null
}

interface Options extends GatewayOptions {
  json?: boolean
}

interface AddOptions extends Options {
  file?: string
  organizationId?: string
  expiresIn?: string
}

const COLOURS: Partial<Record<SessionState, Colour>> = { active: 'green', cooling_down: 'yellow', unverified: 'yellow', deactivated: 'dim' }

/** What is done with one session, and how it is told. */
const ACTIONS = [
  ['activate', 'put a session back into use', 'is in use again'],
  ['deactivate', 'take a session out of use', 'is out of use'],
  ['reset', 'forget what keeps a session at rest', 'is tried again']
] as const

/** `ccproxy session …` */
export function sessionCommand (io: Io): Command {
  const group = command('session', 'add, list and check sessions of claude.ai', ['ccproxy session add mine', 'ccproxy session list'])
  group.addCommand(withGateway(command('add', 'add a session of your own account: the value of the cookie sessionKey', [
    'ccproxy session add mine', 'ccproxy session add mine --file cookie.txt', 'pbpaste | ccproxy session add mine --file -'
  ]))
    .argument('<name>', 'what to call it')
    .option('--file <path>', 'file that holds the cookie, - for standard input (default: asked for, not shown)')
    .option('--organization-id <uuid>', 'which organisation of the account')
    .option('--expires-in <duration>', 'how long the gateway may use it, such as 30d')
    .action((name: string, options: AddOptions) => add(io, name, options)))
  group.addCommand(withGateway(command('list', 'show all sessions', ['ccproxy session list', 'ccproxy session list --json']))
    .action((options: Options) => list(io, options)))
  group.addCommand(withGateway(command('check', 'ask claude.ai how a session stands', ['ccproxy session check mine']))
    .argument('<id-or-name>', 'which one')
    .action((wanted: string, options: Options) => check(io, wanted, options)))
  group.addCommand(withGateway(command('delete', 'forget a session, and what it has left on claude.ai', ['ccproxy session delete mine']))
    .argument('<id-or-name>', 'which one')
    .action((wanted: string, options: Options) => act(io, wanted, options, { method: 'DELETE', path: '', done: 'is deleted' })))
  for (const [action, description, done] of ACTIONS) {
    group.addCommand(withGateway(command(action, description, [`ccproxy session ${action} mine`]))
      .argument('<id-or-name>', 'which one')
      .action((wanted: string, options: Options) => act(io, wanted, options, { method: 'POST', path: `/${action}`, done })))
  }
  return group
}

async function add (io: Io, name: string, { file, organizationId, expiresIn, ...options }: AddOptions): Promise<void> {
  const { ask } = await adminOf(io, options)
  const cookie = await readSecret(io, { what: 'session cookie', file })
  const added = await ask<SessionInfo>('/api/session/add', {
    method: 'POST', body: { name, session_key: cookie, organization_id: organizationId, expires_in: expiresIn }
  })
  if (options.json) return sayJson(io, added)
  say(io, `Session "${added.name}" (${added.id}) is added.`)
  tell(io, added)
}

async function list (io: Io, options: Options): Promise<void> {
  const { ask } = await adminOf(io, options)
  const answer = await ask<{ sessions: SessionInfo[] }>('/api/session/list')
  if (options.json) return sayJson(io, answer)
  if (answer.sessions.length === 0) return note(io, 'There are no sessions yet: ccproxy session add <name>')
  const paint = painter(io)
  const now = io.now()
  say(io, table(['ID', 'NAME', 'STATE', 'PLAN', 'LAST USED', 'COOKIE ENDS', 'WHY'].map((title) => paint('bold', title)), answer.sessions.map((session) => [
    session.id, session.name, paint(COLOURS[session.status] ?? 'red', session.status), session.plan ?? '-',
    when(session.last_used_at ?? null, now), when(session.cookie_ends_at ?? null, now), whyOf(session, now)
  ])))
}

async function check (io: Io, wanted: string, options: Options): Promise<void> {
  const { ask, session } = await find(io, wanted, options)
  const checked = await ask<SessionInfo>(`/api/session/${encodeURIComponent(session.id)}/check`, { method: 'POST' })
  if (options.json) sayJson(io, checked)
  else tell(io, checked)
  if (checked.status !== 'active') throw new CliError(`Session "${checked.name}" cannot be used now: it is ${checked.status}.`, { code: 'session_not_active' })
}

async function act (io: Io, wanted: string, options: Options, { method, path, done }: { method: 'POST' | 'DELETE', path: string, done: string }): Promise<void> {
  const { ask, session: { id, name } } = await find(io, wanted, options)
  const answer = await ask<{ message: string }>(`/api/session/${encodeURIComponent(id)}${path}`, { method })
  if (options.json) return sayJson(io, { ...answer, id, name })
  say(io, `Session "${name}" (${id}) ${done}.`)
}

async function find (io: Io, wanted: string, options: Options) {
  const { ask } = await adminOf(io, options)
  const { sessions } = await ask<{ sessions: SessionInfo[] }>('/api/session/list')
  return { ask, session: choose('session', sessions, wanted) }
}

function tell (io: Io, session: SessionInfo): void {
  const now = io.now()
  say(io, facts([
    ['State', session.status], ['Why', whyOf(session, now)], ['Organisation', session.organization_name], ['Plan', session.plan],
    ['Cookie ends', session.cookie_ends_at === undefined ? null : when(session.cookie_ends_at, now)],
    ['Used until', session.expires_at === null ? null : when(session.expires_at, now)], ['Warning', session.warning]
  ]))
}

function whyOf ({ status_reason: reason, cooldown_until: until, warning }: SessionInfo, now: number): string {
  return [reason ?? warning, until === null || until === undefined ? null : `until ${when(until, now)}`].filter((part) => part !== null).join(', ')
}

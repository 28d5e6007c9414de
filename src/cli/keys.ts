import type { Command } from 'commander'
import type { KEY_STATES } from '../plugins/key-pool-report.ts'
import { choose } from './choose.ts'
import { adminOf } from './gateway.ts'
import { note, painter, say, sayJson, type Colour, type Io } from './io.ts'
import { command, positive, withGateway } from './options.ts'
import { readSecret } from './secret-input.ts'
import type { GatewayOptions } from './settings.ts'
import { table } from './table.ts'
import { when } from './times.ts'

/** A key as the admin API tells it, as far as it is shown here. */
export interface KeyInfo {
  id: string
  name: string
  /** The last eight characters. */
  key: string
  source: 'env' | 'file' | 'store'
  organisation: string
  workspace: string
  state: typeof KEY_STATES[number]
  reason: string | null
  until: string | null
  request_count: number
  error_count: number
  last_used: string | null
  is_healthy: boolean
}

export interface KeyStats {
  total_keys: number
  healthy_keys: number
  keys: KeyInfo[]
  unreadable_keys: Array<{ id: string, name: string, reason: string }>
}

interface Options extends GatewayOptions {
  json?: boolean
}

interface AddOptions extends Options {
  file?: string
  name?: string
  org?: string
  workspace?: string
  weight?: number
}

const COLOURS: Record<KeyInfo['state'], Colour> = { ready: 'green', near_limit: 'yellow', limited: 'yellow', refused: 'red', probing: 'yellow', disabled: 'dim' }

/** What is done with one key, and how it is told. */
const ACTIONS = [
  ['reset', 'forget what is held against a key', 'is tried again'],
  ['disable', 'take a key out of use, also over restarts', 'is out of use'],
  ['enable', 'put a key back into use', 'is in use again']
] as const

/** `ccproxy keys …` */
export function keysCommand (io: Io): Command {
  const group = command('keys', 'list, add and mend the pool of API keys', ['ccproxy keys list', 'ccproxy keys add --name team-a'])
  group.addCommand(withGateway(command('list', 'show all keys and how they stand', ['ccproxy keys list', 'ccproxy keys list --json']))
    .action((options: Options) => list(io, options)))
  group.addCommand(withGateway(command('add', 'add an API key; it is kept encrypted in the database', [
    'ccproxy keys add --name team-a', 'ccproxy keys add --file key.txt --org research --workspace default'
  ]))
    .option('--file <path>', 'file that holds the key, - for standard input (default: asked for, not shown)')
    .option('--name <name>', 'what to call it')
    .option('--org <label>', 'its organisation, whose limits it shares')
    .option('--workspace <label>', 'its workspace, whose prompt caches it shares')
    .option('--weight <number>', 'share of its workspace under the strategy affinity', positive)
    .action((options: AddOptions) => add(io, options)))
  for (const [action, description, done] of ACTIONS) {
    group.addCommand(withGateway(command(action, description, [`ccproxy keys ${action} team-a`]))
      .argument('<id-or-name>', 'which one')
      .action((wanted: string, options: Options) => act(io, wanted, options, { method: 'POST', path: `/${action}`, done })))
  }
  group.addCommand(withGateway(command('delete', 'delete a key that was added', ['ccproxy keys delete team-a']))
    .argument('<id-or-name>', 'which one')
    .action((wanted: string, options: Options) => act(io, wanted, options, { method: 'DELETE', path: '', done: 'is deleted' })))
  return group
}

async function list (io: Io, options: Options): Promise<void> {
  const { ask } = await adminOf(io, options)
  const stats = await ask<KeyStats>('/api/keys/stats')
  if (options.json) return sayJson(io, stats)
  for (const { id, name, reason } of stats.unreadable_keys) note(io, `The key "${name}" (${id}) cannot be read: ${reason}.`)
  if (stats.keys.length === 0) return note(io, 'There are no keys yet: ccproxy keys add')
  const paint = painter(io)
  const now = io.now()
  say(io, table(['ID', 'NAME', 'KEY', 'STATE', 'FROM', 'ORGANISATION', 'REQUESTS', 'ERRORS', 'LAST USED', 'WHY'].map((title) => paint('bold', title)),
    stats.keys.map((key) => [
      key.id, key.name, key.key, paint(COLOURS[key.state], key.state), key.source === 'store' ? 'added' : key.source, key.organisation,
      String(key.request_count), String(key.error_count), when(key.last_used, now), whyOf(key, now)
    ])))
}

async function add (io: Io, { file, name, org, workspace, weight, ...options }: AddOptions): Promise<void> {
  const { ask } = await adminOf(io, options)
  const key = await readSecret(io, { what: 'API key', file })
  const added = await ask<KeyInfo>('/api/keys/add', { method: 'POST', body: { key, name, org, workspace, weight } })
  if (options.json) return sayJson(io, added)
  say(io, `Key "${added.name}" (${added.id}, ${added.key}) is added.`)
}

async function act (io: Io, wanted: string, options: Options, { method, path, done }: { method: 'POST' | 'DELETE', path: string, done: string }): Promise<void> {
  const { ask } = await adminOf(io, options)
  const { keys, unreadable_keys: unreadable } = await ask<KeyStats>('/api/keys/stats')
  const { id, name } = choose('keys', [...keys, ...unreadable], wanted)
  const answer = await ask<{ message: string }>(`/api/keys/${encodeURIComponent(id)}${path}`, { method })
  if (options.json) return sayJson(io, { ...answer, id, name })
  say(io, `Key "${name}" (${id}) ${done}.`)
}

/** Why a key is not simply ready. */
export function whyOf ({ reason, until }: Pick<KeyInfo, 'reason' | 'until'>, now: number): string {
  return [reason, until === null ? null : `until ${when(until, now)}`].filter((part) => part !== null).join(', ')
}

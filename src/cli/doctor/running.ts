import type { Config } from '../../config.ts'
import { CliError } from '../errors.ts'
import { unreachable, type Gateway } from '../gateway.ts'
import { whyOf, type KeyStats } from '../keys.ts'
import type { SessionInfo } from '../sessions.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

type Mode = Config['server']['mode']

/** Whether the gateway runs, is the one that is installed here, and can serve. */
export async function checkGateway (url: string, ownVersion: string): Promise<{ findings: Finding[], runs: boolean }> {
  try {
    const about = await (await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(15_000) })).json() as { name?: string, version?: string }
    if (about.name !== 'ccproxy') return { runs: false, findings: [notOurs(url)] }
    const findings = [about.version === ownVersion
      ? ok('gateway', `Version ${ownVersion} runs at ${url}.`)
      : warn('gateway', `Version ${about.version} runs at ${url}; this command is ${ownVersion}.`, 'Restart the gateway after an update.')]
    const ready = await fetch(`${url}/ready`)
    const { reason } = await ready.json() as { reason?: string }
    if (!ready.ok) findings.push(fail('readiness', reason ?? `/ready answers ${ready.status}.`, 'Add a key (ccproxy keys add) or a session (ccproxy session add), or mend what the lines below say of them.'))
    return { runs: true, findings }
  } catch (error) {
    if (error instanceof SyntaxError) return { runs: false, findings: [notOurs(url)] }
    const { message, code } = unreachable(url, error)
    return { runs: false, findings: [fail('gateway', message, code === 'not_running' ? 'ccproxy serve' : 'Start the gateway, or name its address with --url.')] }
  }
}

function notOurs (url: string): Finding {
  return fail('gateway', `What answers at ${url} is not ccproxy.`, 'Name the gateway\'s address with --url, or end what has taken its port.')
}

/** What an admin may know: keys and sessions. */
export async function checkCredentials ({ ask }: Gateway, mode: Mode, now: number): Promise<Finding[]> {
  try {
    return [
      ...mode === 'web' ? [] : checkKeys(await ask<KeyStats>('/api/keys/stats'), mode, now),
      ...mode === 'api' ? [] : checkSessions((await ask<{ sessions: SessionInfo[] }>('/api/session/list')).sessions, mode)
    ]
  } catch (error) {
    if (error instanceof CliError) return [fail('admin key', error.message, 'Give the right one with --admin-key-file, or run this where the gateway was started.')]
    throw error
  }
}

function checkKeys (stats: KeyStats, mode: Mode, now: number): Finding[] {
  const none = stats.total_keys === 0 && mode === 'api' ? fail : warn
  if (stats.total_keys + stats.unreadable_keys.length === 0) return [none('keys', 'There is no API key.', 'ccproxy keys add, or set CCPROXY_CLAUDE_API_KEYS.')]
  const sick = stats.keys.filter((key) => !key.is_healthy || key.state === 'refused').map((key) => (stats.healthy_keys === 0 ? fail : warn)('keys',
    `"${key.name}" (${key.key}) is ${key.state}${key.reason === null && key.until === null ? '' : `: ${whyOf(key, now)}`}.`,
    key.state === 'disabled' ? `ccproxy keys enable ${key.id}` : `Look at it in the console of its organisation; ccproxy keys reset ${key.id} tries it again at once.`))
  const lost = stats.unreadable_keys.map(({ id, name, reason }) => fail('keys', `"${name}" cannot be read: ${reason}.`, `Put the earlier encryption key back, or ccproxy keys delete ${id}`))
  const good = stats.healthy_keys > 0 ? [ok('keys', `${stats.healthy_keys} of ${stats.total_keys} can be used.`)] : []
  return [...good, ...sick, ...lost]
}

function checkSessions (sessions: SessionInfo[], mode: Mode): Finding[] {
  if (sessions.length === 0) return mode === 'web' ? [fail('sessions', 'There is no session of claude.ai.', 'ccproxy session add <name>')] : [ok('sessions', 'None; web mode is not in use.')]
  const usable = sessions.filter(({ status }) => status === 'active')
  const sick = sessions.filter((session) => session.status !== 'active' || session.warning !== null).map((session) => warn('sessions',
    `"${session.name}" is ${session.status}${whyText(session)}.`, mendOf(session)))
  return [...usable.length > 0 ? [ok('sessions', `${usable.length} of ${sessions.length} can be used.`)] : [], ...sick]
}

function whyText ({ status_reason: reason, warning }: SessionInfo): string {
  const why = reason ?? warning
  return why === null ? '' : `: ${why.replace(/\.$/, '')}`
}

function mendOf ({ id, status }: SessionInfo): string {
  if (status === 'deactivated') return `ccproxy session activate ${id}`
  if (status === 'cooling_down') return `It comes back by itself; ccproxy session reset ${id} tries it again at once.`
  if (status === 'unverified') return `ccproxy session check ${id}`
  return `Sign in to claude.ai again, then ccproxy session delete ${id} and ccproxy session add <name>`
}

import type { Config } from '../../config.ts'
import { codeOf, reasonOf } from '../gateway.ts'
import { fail, ok, type Finding } from './finding.ts'

/** How long an answer may take, in milliseconds. */
const PATIENCE = 15_000
/** How far clocks may be apart, in milliseconds; the header tells whole seconds. */
const TOLERANCE = 30_000

export interface Reached {
  findings: Finding[]
  /** How far this machine's clock is ahead of the other's, in milliseconds, as far as it is known. */
  ahead?: number
}

/** Asks an address for anything: whatever the answer is, it can be reached. No credential is sent. */
export async function reach (check: string, url: string): Promise<Reached> {
  const sent = Date.now()
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE) })
    const took = Date.now() - sent
    await response.body?.cancel()
    const date = Date.parse(response.headers.get('date') ?? '')
    return { findings: [ok(check, `${url} answers (${response.status}, ${took} ms).`)], ahead: Number.isNaN(date) ? undefined : sent + took / 2 - date }
  } catch (error) {
    const code = codeOf(error)
    return { findings: [fail(check, `${url} cannot be reached (${code}).`, `${capital(reasonOf(code))}.`)] }
  }
}

/** The ways to Claude that the mode allows. */
export async function checkUpstreams ({ claude, server }: Config): Promise<Reached[]> {
  return Promise.all([
    ...server.mode === 'web' ? [] : [reach('upstream api', claude.api_url)],
    ...server.mode === 'api' ? [] : [reach('upstream web', claude.web_url)]
  ])
}

/** Tokens, cool-downs and sessions are reckoned by this machine's clock. */
export function checkClock (reached: Reached[]): Finding[] {
  const known = reached.flatMap(({ ahead }) => ahead === undefined ? [] : [ahead])
  if (known.length === 0) return []
  const worst = known.reduce((a, b) => Math.abs(a) > Math.abs(b) ? a : b)
  if (Math.abs(worst) <= TOLERANCE) return [ok('clock', 'This machine\'s clock agrees with that of the others.')]
  const seconds = Math.round(Math.abs(worst) / 1_000)
  return [fail('clock', `This machine's clock is ${seconds} s ${worst > 0 ? 'ahead of' : 'behind'} that of the others.`, 'Set it, and keep it set (NTP): tokens and limits end at the wrong time.')]
}

function capital (text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

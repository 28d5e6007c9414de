import type { Test } from 'tap'
import { UPSTREAM_KEY } from '../../helpers/gateway.ts'
import { cookieOf, startWebGateway, type WebGateway } from '../../helpers/web.ts'

/** The smallest PNG that there is, in base64. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** The gateway with sessions of a simulated claude.ai and no key: what asks it is in web mode. */
export function startWebWorld (t: Test, cookies: string[] = [cookieOf('one')]): Promise<WebGateway> {
  return startWebGateway(t, cookies, { log: { level: 'info' } })
}

/** The gateway with a key and a session, so that one client can ask both; without a choice it is API mode. */
export function startBothWorld (t: Test): Promise<WebGateway> {
  return startWebGateway(t, [cookieOf('one')], { claude: { api_keys: [{ key: UPSTREAM_KEY }] } })
}

/** Options of a request that choose a mode. */
export function inMode (mode: 'api' | 'web'): { headers: Record<string, string> } {
  return { headers: { 'x-proxy-mode': mode } }
}

import { CliError, EXIT } from './errors.ts'
import type { Io } from './io.ts'
import { askAdminKey, gatewayUrl, knownAdminKey, warnOfPlainHttp, type GatewayOptions } from './settings.ts'

/** How long an answer may take, in milliseconds: claude.ai may be asked meanwhile. */
const PATIENCE = 90_000

interface Ask {
  method?: 'GET' | 'POST' | 'DELETE'
  body?: object
}

export type Gateway = Awaited<ReturnType<typeof adminOf>>

/** The admin API of the gateway that the options and the configuration name. */
export async function adminOf (io: Io, options: GatewayOptions) {
  const url = gatewayUrl(io, options)
  warnOfPlainHttp(io, url)
  let key = await knownAdminKey(io, options)
  if (key === undefined) {
    // Nobody is asked for the key of a gateway that is not there.
    await (await reach(url, '/health', {})).body?.cancel()
    key = await askAdminKey(io)
  }
  return {
    url,
    /** @throws CliError in the gateway's words */
    ask: <T>(path: string, ask: Ask = {}) => askGateway<T>(url, path, ask, { 'x-admin-key': key })
  }
}

/** What a token's holder may ask. @throws CliError */
export async function askGateway<T> (url: string, path: string, { method = 'GET', body }: Ask, headers: Record<string, string>): Promise<T> {
  const response = await reach(url, path, {
    method,
    headers: { ...headers, ...body !== undefined && { 'content-type': 'application/json' } },
    body: body === undefined ? undefined : JSON.stringify(body)
  })
  const text = await response.text()
  const answer = parsed(text)
  if (!response.ok || answer === undefined) throw refusal(url, path, response, answer)
  return answer as T
}

async function reach (url: string, path: string, init: RequestInit): Promise<Response> {
  try {
    // A redirect would take the admin key to wherever it leads.
    return await fetch(`${url}${path}`, { ...init, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE) })
  } catch (error) {
    throw unreachable(url, error)
  }
}

/** Why no answer came, and what to do about it. */
export function unreachable (url: string, error: unknown): CliError {
  const code = codeOf(error)
  if (code === 'ECONNREFUSED') {
    return new CliError(`Nothing listens on ${url}: start it with \`ccproxy serve\`, or name another with --url or CCPROXY_URL.`, { code: 'not_running' })
  }
  return new CliError(`${url} cannot be reached: ${reasonOf(code)}.`, { code: 'unreachable' })
}

/** The code of a failed fetch, such as `ENOTFOUND`; of the last address where several were tried. */
export function codeOf (error: unknown): string {
  const { name, cause } = error as Error & { cause?: NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] } }
  return name === 'TimeoutError' ? 'TIMEOUT' : cause?.code ?? cause?.errors?.at(-1)?.code ?? cause?.message ?? name
}

/** What a failed connection means, with its mend. */
export function reasonOf (code: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `its name is not known (${code}); check the spelling, and the machine's DNS`
  if (code === 'ECONNREFUSED') return 'nothing listens there (ECONNREFUSED); check the port, and whether it runs'
  if (/CERT|SIGNATURE|TLS|SSL|ALTNAME/.test(code)) return `its certificate is not trusted (${code}); for an authority of your own set NODE_EXTRA_CA_CERTS to its certificate`
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return `no answer came in time (${code}); check the network and its firewall`
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return `the connection was closed (${code}); see the log of the gateway, and of the proxy before it`
  return code
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

interface AdminErrorBody { error?: { code?: string, message?: string } }

function refusal (url: string, path: string, { status }: Response, answer: unknown): CliError {
  const { error } = (answer ?? {}) as AdminErrorBody
  if (error?.message === undefined) {
    const mend = status === 403 ? 'a proxy before it closes the admin routes: use the gateway\'s own address' : 'is this the address of ccproxy?'
    return new CliError(`${url}${path} answered ${status}, and not as a gateway does: ${mend}`, { code: 'not_a_gateway' })
  }
  const mend = MENDS[error.code ?? ''] ?? error.message
  return new CliError(mend, { code: error.code ?? 'refused', exitCode: EXIT.failed })
}

/** Where the gateway's words speak of its routes, the command has better ones. */
const MENDS: Record<string, string> = {
  invalid_admin_key: 'The admin key is not that of this gateway. It is CCPROXY_ADMIN_KEY in the .env of the folder where the gateway was started; give it with --admin-key-file, or run this there.',
  token_not_found: 'No token has this id; `ccproxy token list` shows them all.',
  key_not_found: 'No key has this id; `ccproxy keys list` shows them all.',
  session_not_found: 'No session has this id; `ccproxy session list` shows them all.'
}

import { parseArgs } from 'node:util'

/** What scenarios are told. */
export interface SuiteOptions {
  quick: boolean
  /** Measured rounds of what takes turns. */
  rounds: number
  /** How long the soak lasts, in milliseconds. */
  soak: number
}

export interface BenchFlags extends SuiteOptions {
  /** Names of scenarios, in order. */
  scenarios: string[]
  json: boolean
  /** Somebody's own deployment instead of servers of our own. */
  remote: RemoteFlags | null
}

export interface RemoteFlags {
  origin: string
  token: string
  model: string
  /** Of each scenario. */
  requests: number
  connections: number
  /** Per second; each of them may cost money. */
  rate: number
}

/** A command line that is refused; the message says why and what to do. */
export class FlagError extends Error {
  override name = 'FlagError'
}

/** More than this is no look at one's own deployment any more, but a load on it. */
const MOST_REMOTE_REQUESTS = 2_000
const MOST_REMOTE_CONNECTIONS = 64

const OPTIONS = {
  scenario: { type: 'string' },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  soak: { type: 'string' },
  url: { type: 'string' },
  token: { type: 'string' },
  model: { type: 'string', default: 'claude-haiku-4-5' },
  requests: { type: 'string', default: '40' },
  connections: { type: 'string', default: '4' },
  rate: { type: 'string', default: '10' },
  'allow-remote': { type: 'boolean', default: false }
} as const

/**
 * Reads the command line of the suite.
 * @param known all scenarios, and those of a run that names none
 * @throws FlagError when it makes no sense or would reach further than it says
 */
export function parseFlags (args: string[], known: { all: string[], usual: string[], remote: string[] }): BenchFlags {
  const values = valuesOf(args)
  const remote = values.url === undefined ? null : remoteFlags({ ...values, url: values.url })
  const usual = values.soak !== undefined && values.scenario === undefined ? ['soak'] : known.usual
  const scenarios = values.scenario?.split(',').map((name) => name.trim()) ?? (remote === null ? usual : known.remote)
  const possible = remote === null ? known.all : known.remote
  const unknown = scenarios.filter((name) => !possible.includes(name))
  if (unknown.length > 0) throw new FlagError(`no such scenario: ${unknown.join(', ')}. There are: ${possible.join(', ')}.`)
  return {
    scenarios,
    remote,
    json: values.json,
    quick: values.quick,
    rounds: values.rounds === undefined ? (values.quick ? 5 : 12) : count('rounds', values.rounds, 1_000),
    soak: duration(values.soak ?? '10m')
  }
}

function valuesOf (args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS }).values
  } catch (error) {
    throw new FlagError((error as Error).message)
  }
}

type Values = ReturnType<typeof valuesOf>

function remoteFlags ({ url, token, model, requests, connections, rate, 'allow-remote': allowed }: Values & { url: string }): RemoteFlags {
  if (!URL.canParse(url)) throw new FlagError(`--url is no URL: ${url}`)
  const { protocol, hostname, origin } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:') throw new FlagError(`--url must be http or https: ${url}`)
  if (!isLoopback(hostname) && !allowed) {
    throw new FlagError(`${hostname} is not this machine. If it is yours and its answers may cost you money, say so with --allow-remote.`)
  }
  if (token === undefined) throw new FlagError('--url needs --token, a client token of that gateway')
  return {
    origin,
    token,
    model,
    requests: count('requests', requests, MOST_REMOTE_REQUESTS),
    connections: count('connections', connections, MOST_REMOTE_CONNECTIONS),
    rate: count('rate', rate, 1_000)
  }
}

/** Whether a host is this machine, by the looks of its name: nothing is resolved. */
export function isLoopback (hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

/** What `read` reads from a command line; when it refuses it, the message is told, and the process ends. */
export function toldWhenRefused<Value> (read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof FlagError)) throw error
    console.error(error.message)
    process.exit(2)
  }
}

/** @throws FlagError when it is none of them */
export function oneOf<Name extends string> (what: string, text: string, names: readonly Name[]): Name {
  const name = names.find((one) => one === text)
  if (name === undefined) throw new FlagError(`no such ${what}: ${text}. There are: ${names.join(', ')}.`)
  return name
}

/** @throws FlagError when it is no whole number from 1 to `most` */
export function count (name: string, text: string, most: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > most) throw new FlagError(`--${name} must be a whole number from 1 to ${most}: ${text}`)
  return value
}

/** @returns milliseconds */
function duration (text: string): number {
  const [, amount, unit] = /^(\d{1,4})(s|m|h)$/.exec(text) ?? []
  if (amount === undefined || Number(amount) === 0) throw new FlagError(`--soak must be a time such as 90s or 10m: ${text}`)
  return Number(amount) * { s: 1_000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h']
}

import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import type { Config } from '../../src/config.ts'

/** Sections of the configuration that a test changes. */
export type ConfigChanges = { [Section in keyof Config]?: Partial<Config[Section]> }

export const ADMIN_KEY = 'made-up-admin-key'
export const UPSTREAM_KEY = 'sk-ant-made-up-key-0000001'

/** A whole configuration for a test: loopback, a database in memory, no logs unless asked for. */
export function testConfig (changes: ConfigChanges = {}): Config {
  return {
    jwt: { secret: 'made-up-jwt-secret-made-up-jwt-secret', issuer: 'ccproxy', default_expiry: 3_600_000, ...changes.jwt },
    admin: { key: ADMIN_KEY, ...changes.admin },
    claude: {
      api_keys: [{ key: UPSTREAM_KEY }],
      key_strategy: 'round_robin',
      api_url: 'http://127.0.0.1:9',
      web_url: 'https://claude.ai',
      connect_timeout: 5_000,
      headers_timeout: 60_000,
      idle_timeout: 60_000,
      max_connections: 1_024,
      web_conversation_ttl: 1_800_000,
      retry_timeouts: false,
      ...changes.claude
    },
    models: { aliases: {}, ...changes.models },
    openai: { prompt_caching: true, ...changes.openai },
    server: {
      host: '127.0.0.1',
      port: 0,
      mode: 'both',
      trust_proxy: [],
      drain_timeout: 60_000,
      stall_timeout: 60_000,
      ping_interval: 60_000,
      ...changes.server
    },
    storage: { db_path: ':memory:', old_encryption_keys: [], ...changes.storage },
    log: { level: 'silent', ...changes.log }
  }
}

export interface TestGateway {
  app: FastifyInstance
  /** Where it listens, without a trailing slash. */
  url: string
  port: number
  /** A valid client token. */
  token: string
  tokenId: string
  /** Headers of an ordinary Messages request. */
  headers: Record<string, string>
  /** Log lines written so far. */
  log: string[]
}

/** Builds the real gateway before `upstreamUrl`, lets it listen on a free port, makes a token, and closes it when the test ends. */
export async function startGateway (t: Test, upstreamUrl: string, changes: ConfigChanges = {}): Promise<TestGateway> {
  const log: string[] = []
  const config = testConfig({ ...changes, claude: { api_url: upstreamUrl, ...changes.claude } })
  const app = await buildApp(config, { logStream: { write: (line) => { log.push(line) } } })
  t.teardown(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const { token, id } = await makeToken(app)
  return {
    app,
    url,
    port: Number(new URL(url).port),
    token,
    tokenId: id,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    log
  }
}

export async function makeToken (app: FastifyInstance, body: object = { name: 'test' }): Promise<{ token: string, id: string }> {
  const answer = await app.inject({ method: 'POST', url: '/api/token/generate', headers: { 'x-admin-key': ADMIN_KEY }, payload: body })
  return answer.json<{ token: string, id: string }>()
}

import { Pool } from 'undici'
import type { Config } from '../config.ts'

/** The connections to one upstream's origin. */
export function upstreamPool (url: string, config: Config['claude']): Pool {
  return new Pool(new URL(url).origin, {
    connections: config.max_connections,
    // One answer a connection: a slow stream would block whatever is behind it.
    pipelining: 1,
    allowH2: false,
    // Said outright: NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment must not open it.
    connect: { timeout: config.connect_timeout, rejectUnauthorized: true },
    headersTimeout: config.headers_timeout,
    bodyTimeout: config.idle_timeout
  })
}

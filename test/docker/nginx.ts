import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { openSync, closeSync, readFileSync, writeFileSync } from 'node:fs'
import { request, type RequestOptions } from 'node:https'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from '../helpers/free-port.ts'
import { until } from '../helpers/until.ts'

const TOP = join(import.meta.dirname, '..', '..')
const TLS = join(TOP, 'test', 'fixtures', 'self-signed')
/** What the test trusts; it vouches for itself. */
export const CERT = readFileSync(join(TLS, 'cert.pem'))

/** Why there is nothing to test, where nginx is not installed; in CI it has to be. */
export const noNginx = spawnSync('nginx', ['-v']).error === undefined || process.env['CI'] === 'true' ? false : 'nginx is not installed'

/** Whether somebody listens there. */
function listens (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => { resolve(true) }).on('error', () => { resolve(false) })
    socket.on('connect', () => socket.destroy())
  })
}

export interface NginxOptions {
  /** How long it waits for the next byte of an answer, such as `3s`. */
  readTimeout?: string
  /** A file for what it logs of requests; nowhere when left out. */
  accessLog?: string
}

/**
 * The real nginx with the configuration that is shipped, in front of a gateway. Only what belongs to the place is replaced: addresses, certificate,
 * and where asked for a clock.
 * @returns its port, which speaks TLS
 */
export async function startNginx (t: Test, gatewayUrl: string, { readTimeout = '660s', accessLog = '/dev/null' }: NginxOptions = {}): Promise<number> {
  const folder = t.testdir({})
  const port = await freePort()
  const shipped = readFileSync(join(TOP, 'docker', 'nginx.conf'), 'utf8')
  const replaced = [
    ['pid /run/nginx.pid;', `pid ${folder}/nginx.pid; daemon off;`],
    ['server gateway:8080;', `server ${new URL(gatewayUrl).host};`],
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['/etc/nginx/tls/', `${TLS}/`],
    ['proxy_read_timeout 660s;', `proxy_read_timeout ${readTimeout};`]
  ].reduce((text, [from, to]) => {
    if (!text.includes(from!)) throw new Error(`docker/nginx.conf has no "${from}" any more`)
    return text.replaceAll(from!, to!)
  }, shipped)
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, replaced)
  // Opened here: it opens its standard output anew by name, and the socket that a pipe is here cannot be opened so.
  const log = openSync(accessLog, 'a')
  const nginx = spawn('nginx', ['-e', 'stderr', '-p', folder, '-c', file], { stdio: ['ignore', log, 'pipe'] })
  closeSync(log)
  let errors = ''
  nginx.stderr!.setEncoding('utf8').on('data', (text: string) => { errors += text })
  const ended = once(nginx, 'close')
  t.teardown(async () => {
    nginx.kill('SIGTERM')
    await ended
  })
  await until(async () => {
    if (nginx.exitCode !== null) throw new Error(`nginx ended: ${errors}`)
    return listens(port)
  }, 'nginx to listen')
  return port
}

/** One request over TLS, followed while it runs. */
export class TlsExchange {
  readonly req: ClientRequest
  readonly done: Promise<{ status: number, headers: IncomingMessage['headers'], text: string, whole: boolean }>
  text = ''

  constructor (port: number, { body, ...options }: RequestOptions & { body?: Buffer | string }) {
    this.req = request({ host: '127.0.0.1', port, ca: CERT, agent: false, method: 'POST', path: '/v1/messages', ...options })
    this.done = new Promise((resolve, reject) => {
      this.req.on('error', reject).on('response', (res) => {
        res.setEncoding('utf8').on('data', (text: string) => { this.text += text })
        res.on('error', () => {})
        res.on('close', () => { resolve({ status: res.statusCode!, headers: res.headers, text: this.text, whole: res.complete }) })
      })
    })
    this.done.catch(() => {})
    this.req.end(body)
  }

  async has (text: string, times = 1): Promise<void> {
    await until(() => this.text.split(text).length > times, `the client to read ${JSON.stringify(text)} ${times} times`)
  }
}

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/helpers/free-port.ts'
import { MODEL } from '../cases.ts'
import type { Bed } from '../children.ts'
import { nginxSettings } from './nginx.ts'
import { settingsFolder, startProgram, type Running } from './start.ts'

/** Somebody else's program that can stand where the gateway stands. */
export interface Peer {
  name: string
  version (): string
  /** How it is set up, for the reader of the figures. */
  setting: string
  start (bed: Bed): Promise<Running>
}

export const PACKAGES = join(import.meta.dirname, 'node_modules')

/** A made-up key for those that insist on one. */
const KEY = 'sk-ant-made-up-key-11111111'

const nginx: Peer = {
  name: 'nginx',
  // It tells its version on standard error.
  version: () => /nginx\/(\S+)/.exec(spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr ?? '')?.[1] ?? 'unknown',
  setting: 'one worker, proxy_buffering off, no access log; it checks nothing and counts nothing',
  async start (bed) {
    const [folder, port] = [bed.folder(), await freePort()]
    const file = join(folder, 'nginx.conf')
    writeFileSync(file, nginxSettings({ folder, port, upstream: new URL(bed.upstream.origin).host, connections: bed.connections }))
    return running(port, await startProgram({ program: 'nginx', args: ['-p', folder, '-c', file, '-e', join(folder, 'error.log')], folder, port }))
  }
}

const httpProxy: Peer = {
  name: '@fastify/http-proxy',
  version: () => packageVersion('@fastify/http-proxy'),
  setting: 'as its README has it; no checks, no log',
  async start (bed) {
    const [folder, port] = [bed.folder(), await freePort()]
    const args = [join(import.meta.dirname, 'http-proxy.js'), bed.upstream.origin, String(port), String(bed.connections)]
    return running(port, await startProgram({ program: process.execPath, args, folder, port }))
  }
}

const portkey: Peer = {
  name: 'Portkey',
  version: () => packageVersion('@portkey-ai/gateway'),
  setting: 'provider and upstream named in headers of each request, beta header passed on; it checks no token',
  async start (bed) {
    const [folder, port] = [bed.folder(), await freePort()]
    const args = [join(PACKAGES, '@portkey-ai/gateway/build/start-server.js'), `--port=${port}`, '--headless']
    const headers = {
      'x-portkey-provider': 'anthropic', 'x-portkey-custom-host': `${bed.upstream.origin}/v1`, 'x-portkey-forward-headers': 'anthropic-beta'
    }
    return running(port, await startProgram({ program: process.execPath, args, folder, port }), headers)
  }
}

const router: Peer = {
  name: 'claude-code-router',
  version: () => packageVersion('@musistudio/claude-code-router'),
  setting: 'one provider that speaks Anthropic, its key checked, its log off',
  async start (bed) {
    const [folder, port] = [bed.folder(), await freePort()]
    const provider = { name: 'upstream', api_base_url: `${bed.upstream.origin}/v1/messages`, api_key: KEY, models: [MODEL], transformer: { use: ['Anthropic'] } }
    const settings = {
      PORT: port, HOST: '127.0.0.1', APIKEY: KEY, LOG: false, NON_INTERACTIVE_MODE: true, Providers: [provider], Router: { default: `upstream,${MODEL}` }
    }
    writeFileSync(join(settingsFolder(folder, '.claude-code-router'), 'config.json'), JSON.stringify(settings))
    const args = [join(PACKAGES, '@musistudio/claude-code-router/dist/cli.js'), 'start']
    const program = await startProgram({ program: process.execPath, args, folder, port, env: { SERVICE_PORT: String(port) } })
    return { ...running(port, program), token: KEY }
  }
}

export const PEERS = [nginx, httpProxy, portkey, router]

function running (port: number, program: Pick<Running, 'pid' | 'stop'>, headers: Record<string, string> = {}): Running {
  return { origin: `http://127.0.0.1:${port}`, token: KEY, headers, ...program }
}

function packageVersion (name: string): string {
  if (!existsSync(join(PACKAGES, name))) return 'not installed'
  return (JSON.parse(readFileSync(join(PACKAGES, name, 'package.json'), 'utf8')) as { version: string }).version
}

#!/usr/bin/env node
// What npm links as `ccproxy`. It must run on an older Node than the gateway does: it uses nothing that Node 18 does not know, and imports
// nothing of the gateway before the version has been looked at.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

const require = createRequire(import.meta.url)
const self = import.meta.url
const { engines } = JSON.parse(readFileSync(new URL('../../package.json', self), 'utf8')) as { engines: { node: string } }
const oldest = Number(/\d+/.exec(engines.node)?.[0])
const main = new URL(self.endsWith('.ts') ? './main.ts' : './main.js', self)

if (Number.parseInt(process.versions.node, 10) >= oldest) await import(main.href)
else runOnOwnNode()

/** Packages hold a Node of the right version, one for each platform; npm installs the one that fits. */
function ownNode (): string | undefined {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const prefix = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  try {
    const file = require.resolve(`${prefix}-${platform}-${process.arch}/package.json`)
    const { bin } = require(file) as { bin: { node: string } }
    return require.resolve(`${file.slice(0, -'package.json'.length)}${bin.node}`)
  } catch {
    return undefined
  }
}

/** The same command again, on the Node that came along. */
function runOnOwnNode (): void {
  const node = ownNode()
  if (node === undefined) {
    console.error(`ccproxy needs Node.js ${oldest} or newer; this is Node.js ${process.versions.node}, and the one that comes along was not installed. Install a newer one, or install ccproxy again without --omit=optional.`)
    process.exitCode = 1
    return
  }
  const child = spawn(node, [...process.execArgv, fileURLToPath(main), ...process.argv.slice(2)], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  // A terminal or a service manager may have told the child too: it finds out which signals it has heard of already. See signals.ts.
  for (const signal of SIGNALS) process.on(signal, () => { if (child.connected) child.send({ signal }) })
  child.on('error', (error) => {
    console.error(`${node} cannot be started (${error.message}). Install Node.js ${oldest} or newer.`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    for (const name of SIGNALS) process.removeAllListeners(name)
    if (signal === null) process.exit(code ?? 1)
    process.kill(process.pid, signal)
  })
}

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const HERE = import.meta.dirname
/** Where Debian puts servers; not on everybody's path. */
const SERVERS = '/usr/sbin'

/**
 * Installs what is missing: nginx from Debian, and the packages that the lockfile beside this file pins. No package's install scripts run:
 * none of them needs its own. What cannot be installed is said, and missing in the table.
 */
export function installPeers (): void {
  process.env['PATH'] += delimiter + SERVERS
  if (!hasNginx()) installNginx()
  if (!hasPackages()) {
    console.error('Installing the peers into bench/peers/node_modules …')
    run('npm', ['ci', '--prefix', HERE, '--ignore-scripts', '--no-fund', '--no-audit'])
  }
}

function hasNginx (): boolean {
  return spawnSync('nginx', ['-v'], { stdio: 'ignore' }).status === 0
}

function installNginx (): void {
  console.error('Installing nginx with apt-get …')
  const root = process.getuid?.() === 0
  if (root && run('apt-get', ['update', '-qq']) && run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'nginx-light'])) return
  console.error('nginx is not there and could not be installed: on Debian, `apt-get install nginx-light` as root does it. The run goes on without it.')
}

function run (program: string, args: string[]): boolean {
  return spawnSync(program, args, { cwd: HERE, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
}

/** Whether npm's own record of what it installed has every package in the version that the lockfile pins. */
function hasPackages (): boolean {
  const record = join(HERE, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return false
  const installed = packagesIn(record)
  return Object.entries(packagesIn(join(HERE, 'package-lock.json'))).every(([path, { version, optional }]) => {
    return path === '' || optional === true || installed[path]?.version === version
  })
}

function packagesIn (lockfile: string): Record<string, { version?: string, optional?: boolean }> {
  return (JSON.parse(readFileSync(lockfile, 'utf8')) as { packages: Record<string, object> }).packages
}

import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { OLDEST_NODE } from '../../src/node-version.ts'

/** The first Node on the PATH that knows ES modules and is too old for the gateway. */
export function findOldNode (): { path: string, version: string } | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'node')
    try {
      accessSync(path, constants.X_OK)
      const version = execFileSync(path, ['-p', 'process.versions.node'], { env: {}, encoding: 'utf8' }).trim()
      const major = Number.parseInt(version, 10)
      if (major >= 18 && major < OLDEST_NODE) return { path, version }
    } catch {
      continue
    }
  }
  return undefined
}

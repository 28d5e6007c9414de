import { execFile } from 'node:child_process'
import { cpSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const SOURCES = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', '.env.example', 'config.example.yaml', 'tsconfig.json', 'tsconfig.build.json', 'src']

/** A bound for what never ends, in milliseconds; not a measure. */
const HANG = 300_000

/** The environment of a user: nothing of the npm that runs the tests but where it gets packages from. @param node put first on the PATH */
export function userEnv (node?: string): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|TAP|NODE_|CCPROXY_)/.test(name) || /^npm_config_(registry|cache|userconfig)$/.test(name))
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return { ...Object.fromEntries(kept) as Record<string, string>, PATH: [dirname(node ?? process.execPath), ...path].join(delimiter) }
}

/** Runs a program to its end. @throws Error with what it wrote */
export function runUser (program: string, args: string[], { cwd, env }: { cwd: string, env: Record<string, string> }): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, env, timeout: HANG, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${program} ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`))
    })
  })
}

/**
 * Packs this package as `npm publish` would, in a copy, so that no other test sees `dist` come and go.
 * @returns the tarball and the paths in it
 */
export async function packPackage (folder: string, destination: string): Promise<{ tarball: string, files: string[] }> {
  for (const name of SOURCES) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const output = await runUser('npm', ['pack', '--json', '--pack-destination', destination], { cwd: folder, env: userEnv() })
  const [packed] = JSON.parse(output.slice(output.search(/^\[/m))) as [{ filename: string, files: Array<{ path: string }> }]
  return { tarball: join(destination, packed.filename), files: packed.files.map(({ path }) => path) }
}

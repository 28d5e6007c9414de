import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/** A block of a document that runs curl, and what the document says comes of it. */
export interface CurlBlock {
  script: string
  /** The status of every curl line in it. */
  status: number
  /** The answer that is shown, where one is. */
  answer: unknown
}

export interface Ran {
  /** What it wrote, and the status of each curl. */
  output: string
  statuses: number[]
}

const BLOCK = /^```sh\n([^]*?)^```\n(?:\n+((?!```).+)\n)?(?:\n+```json\n([^]*?)^```\n)?/gm
/** A marker that no answer holds. */
const MARK = '@@block@@'

/**
 * The blocks of a Markdown text that run curl. The line after a block says `Answers` and the status in backquotes where it is not 200. A JSON block
 * after that line, or after the block, shows the answer.
 */
export function curlBlocks (markdown: string): CurlBlock[] {
  return [...markdown.matchAll(BLOCK)].filter(([, script = '']) => /\bcurl\b/.test(script)).map(([, script = '', line = '', answer]) => ({
    script,
    status: Number(/^Answers `(\d{3})`/.exec(line)?.[1] ?? 200),
    answer: answer === undefined ? undefined : JSON.parse(answer) as unknown
  }))
}

/**
 * Runs the blocks one after another in one shell, as somebody would who pastes them: a variable that one sets is there for the next.
 * @param env all there is in the environment
 * @param home a folder of the test's; curl is told there to say its status
 */
export async function runBlocks (blocks: readonly CurlBlock[], env: Record<string, string>, home: string) {
  const parts = blocks.map(({ script }) => `printf '${MARK}\\n'; printf '${MARK}\\n' >&2\n${script}`)
  const child = spawn('bash', ['-eo', 'pipefail', '-c', parts.join('\n')], {
    cwd: home, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] ?? '', CURL_HOME: home, LC_ALL: 'C.UTF-8', ...env }
  })
  const exited = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  const said = errors.split(`${MARK}\n`).slice(1)
  const ran: Ran[] = output.split(`${MARK}\n`).slice(1).map((written, index) => ({
    output: written, statuses: [...said[index]?.matchAll(/^status (\d{3})$/gm) ?? []].map(([, status]) => Number(status))
  }))
  return { code, ran, errors }
}

/** What curl reads before its arguments: the pasted lines stay as they are. */
export const CURLRC = 'write-out = "%{stderr}\\nstatus %{http_code}\\n"\nmax-time = 30\n'

/** Names that `shown` has and `real` has not, as paths. Of a list some entry has to be like the first that is shown. */
export function missingFrom (real: unknown, shown: unknown, path = ''): string[] {
  if (typeof shown !== 'object' || shown === null) return []
  if (typeof real !== 'object' || real === null) return [path]
  if (Array.isArray(shown)) {
    const lacking = (real as unknown[]).map((entry) => missingFrom(entry, shown[0], `${path}[]`))
    return shown.length === 0 || lacking.some(({ length }) => length === 0) ? [] : lacking[0] ?? [`${path}[]`]
  }
  return Object.entries(shown).flatMap(([name, value]) =>
    name in real ? missingFrom((real as Record<string, unknown>)[name], value, `${path}.${name}`) : [`${path}.${name}`])
}

import { CliError } from './errors.ts'

interface Named {
  id: string
  name: string
}

/**
 * The one that is meant by an id or, where only one has it, a name.
 * @param kind such as `token`, as in `ccproxy token list`
 * @throws CliError when none is meant, or several are
 */
export function choose<T extends Named> (kind: 'token' | 'keys' | 'session', all: T[], wanted: string): T {
  const what = kind === 'keys' ? 'key' : kind
  const byId = all.find(({ id }) => id === wanted)
  if (byId !== undefined) return byId
  const [first, ...others] = all.filter(({ name }) => name === wanted)
  if (first === undefined) throw new CliError(`No ${what} has the id or the name "${wanted}"; \`ccproxy ${kind} list\` shows them all.`, { code: `${what}_not_found` })
  if (others.length === 0) return first
  throw new CliError(`${others.length + 1} ${what}s are named "${wanted}"; give the id of one: ${[first, ...others].map(({ id }) => id).join(', ')}`, { code: `${what}_ambiguous` })
}

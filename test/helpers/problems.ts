import { ConfigError } from '../../src/config.ts'

/** The problems with which `action` is refused; none when it is not. */
export function problemsOf (action: () => unknown): string[] {
  try {
    action()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

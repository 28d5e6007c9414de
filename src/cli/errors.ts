/** What a command ends with. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const

/** A fault that the user can mend: told in plain words, without a stack trace. Holds no secret. */
export class CliError extends Error {
  override readonly name = 'CliError'
  /** For scripts, such as `token_not_found`. */
  readonly code: string
  readonly exitCode: number

  constructor (message: string, { code = 'failed', exitCode = EXIT.failed }: { code?: string, exitCode?: number } = {}) {
    super(message)
    this.code = code
    this.exitCode = exitCode
  }
}

/** The command was not written as it must be. */
export function usageError (message: string): CliError {
  return new CliError(message, { code: 'usage', exitCode: EXIT.usage })
}

const SECRET = /\b(?:sk-ant-|ccp-admin-)[\w-]{4,}|\beyJ[\w-]{8,}(?:\.[\w-]*)*/g

/** Whether a text looks like a key, a cookie or a token. */
export function looksSecret (text: string): boolean {
  return text.search(SECRET) !== -1
}

/** A text without what looks like a secret. */
export function withoutSecrets (text: string): string {
  return text.replace(SECRET, '[secret]')
}

/** A secret where a name or an id belongs: arguments are seen by everybody on the machine, and kept by the shell. */
export function secretInArgument (): CliError {
  return usageError('An argument looks like a secret. Everybody on this machine can see arguments, and the shell keeps them: leave it out, and give it when asked, or with --file. Consider this one as known to others.')
}

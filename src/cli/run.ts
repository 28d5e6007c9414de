import { CommanderError, type Command } from 'commander'
import { ConfigError } from '../config.ts'
import { CliError, EXIT, looksSecret, secretInArgument, usageError, withoutSecrets } from './errors.ts'
import type { Io } from './io.ts'
import { printable } from './table.ts'
import { buildProgram } from './program.ts'

/**
 * Runs one command.
 * @returns its exit code: 0 for well, 1 for failed, 2 for a command that was not written as it must be
 */
export async function run (args: string[], io: Io): Promise<number> {
  const program = buildProgram(io)
  prepare(program, io)
  try {
    if (args.some(looksSecret)) throw secretInArgument()
    await program.parseAsync(args.length === 0 ? ['serve'] : args, { from: 'user' })
    return EXIT.ok
  } catch (error) {
    return fail(io, error, args.includes('--json'))
  }
}

/** No command may end the process, nor write past the given streams. */
function prepare (command: Command, io: Io): void {
  command.exitOverride().showSuggestionAfterError(true).configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    // Told by `fail`, which knows of --json and of secrets.
    outputError: () => {}
  })
  for (const below of command.commands) prepare(below, io)
}

function fail (io: Io, error: unknown, json: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok
  // A group without a command has shown its help.
  if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.usage
  const told = toldOf(error)
  const message = withoutSecrets(told.message)
  if (json) io.stderr.write(`${JSON.stringify({ error: { code: told.code, message } })}\n`)
  else io.stderr.write(`${message.split('\n').map(printable).join('\n')}\n`)
  return told.exitCode
}

function toldOf (error: unknown): CliError {
  if (error instanceof CliError) return error
  if (error instanceof ConfigError) return new CliError(error.message, { code: 'configuration' })
  if (error instanceof CommanderError) {
    return usageError(`${error.message.replace(/^error: /, '')}\nccproxy --help shows all commands, and ccproxy <command> --help what one takes.`)
  }
  // Not foreseen: the trace is what a report of it needs.
  return new CliError(`Unexpected: ${error instanceof Error ? error.stack : String(error)}`, { code: 'unexpected' })
}

import { Command, InvalidArgumentError } from 'commander'

/** A command with its examples below its help. */
export function command (name: string, description: string, examples: string[]): Command {
  return new Command(name).description(description).addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}\n`)
}

/** Adds what every command takes that speaks with a gateway. */
export function withGateway (command: Command): Command {
  return command
    .option('--url <url>', 'address of the gateway (default: CCPROXY_URL, or the host and port of the configuration)')
    .option('--admin-key-file <path>', 'file that holds the admin key, - for standard input (default: CCPROXY_ADMIN_KEY, .env, config.yaml, or asked for)')
    .option('--json', 'write JSON, for scripts')
}

/** Reads a number above 0. */
export function positive (text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number above 0.')
  return value
}

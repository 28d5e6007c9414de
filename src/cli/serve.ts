import type { Command } from 'commander'
import { command } from './options.ts'

/** `ccproxy serve`: the process itself is `server.ts`. */
export function serveCommand (): Command {
  return command('serve', 'start the gateway with the configuration of this folder (the default)', [
    'ccproxy', 'CCPROXY_CLAUDE_API_KEYS=… ccproxy serve', 'CCPROXY_CONFIG=/etc/ccproxy.yaml ccproxy serve'
  ]).action(async () => {
    await import('../server.ts')
  })
}

/** `ccproxy demo`: reads its own arguments, as `npm run demo` gives them. */
export function demoCommand (): Command {
  return command('demo', 'start a gateway in front of a simulated Claude, and show what it does', ['ccproxy demo', 'ccproxy demo --once', 'PORT=9000 ccproxy demo'])
    .option('--once', 'end after the first answers')
    .action(async ({ once }: { once?: boolean }) => {
      process.argv = [...process.argv.slice(0, 2), ...once === true ? ['--once'] : []]
      await import('../simulator/demo.ts')
    })
}

import { heedLauncher } from './signals.ts'
import { processIo } from './io.ts'
import { run } from './run.ts'

heedLauncher()
const code = await run(process.argv.slice(2), processIo())
// The gateway and the demo go on after their command has begun.
if (code !== 0) process.exitCode = code

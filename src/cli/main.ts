import { heedLauncher } from './signals.ts'
import { processIo } from './io.ts'
import { run } from './run.ts'

heedLauncher()
// Whoever reads only the first lines (`| head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})
const code = await run(process.argv.slice(2), processIo())
// The gateway and the demo go on after their command has begun.
if (code !== 0) process.exitCode = code

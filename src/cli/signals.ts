/** How long a signal that came directly and the same one by the launcher may be apart, in milliseconds. */
const TOGETHER = 500

/**
 * Takes the signals of a launcher that runs this process on another Node. A terminal signals both, `kill` only the launcher, and a service
 * manager either way: since a second signal means "at once", what has come directly must not come again.
 */
export function heedLauncher (): void {
  if (process.channel === undefined) return
  const heard = new Map<string, number>()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    // A listener of ours must not keep a command from ending that has none of its own.
    const note = () => {
      heard.set(signal, performance.now())
      if (process.listenerCount(signal) > 1) return
      process.removeListener(signal, note)
      process.kill(process.pid, signal)
    }
    process.on(signal, note)
  }
  process.on('message', ({ signal }: { signal: NodeJS.Signals }) => {
    const told = performance.now()
    setTimeout(() => {
      if (told - (heard.get(signal) ?? -Infinity) > TOGETHER) process.kill(process.pid, signal)
    }, TOGETHER / 2)
  })
  // Nobody is left who could pass on a signal.
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel.unref()
}

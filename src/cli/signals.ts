/** How long a signal that came directly and the same one by the launcher may be apart, in milliseconds. */
const TOGETHER = 500

/** As much of a process as is needed here. */
export type Signalled = Pick<NodeJS.Process, 'on' | 'removeListener' | 'listenerCount' | 'kill' | 'pid' | 'channel'>

export interface Clock {
  /** Milliseconds, from any beginning. */
  now: () => number
  later: (action: () => void, delay: number) => unknown
}

const CLOCK: Clock = { now: () => performance.now(), later: setTimeout }

/**
 * Takes the signals of a launcher that runs this process on another Node. A terminal signals both, `kill` only the launcher, and a service
 * manager either way: since a second signal means "at once", what has come directly must not come again.
 */
export function heedLauncher (self: Signalled = process, { now, later }: Clock = CLOCK): void {
  if (self.channel === undefined || self.channel === null) return
  const heard = new Map<string, number>()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    const note = () => {
      heard.set(signal, now())
      // A listener of ours must not keep a command alive that has none of its own.
      if (self.listenerCount(signal) > 1) return
      self.removeListener(signal, note)
      self.kill(self.pid, signal)
    }
    self.on(signal, note)
  }
  self.on('message', (message) => {
    const { signal } = message as { signal: NodeJS.Signals }
    const told = now()
    // The direct one may still be on its way.
    later(() => {
      if (told - (heard.get(signal) ?? -Infinity) > TOGETHER) self.kill(self.pid, signal)
    }, TOGETHER / 2)
  })
  // Nobody is left who could pass on a signal.
  self.on('disconnect', () => self.kill(self.pid, 'SIGTERM'))
  self.channel.unref()
}

import { EventEmitter } from 'node:events'
import t from 'tap'
import { heedLauncher, type Signalled } from '../../src/cli/signals.ts'

/** A process of the test's own, with a listener as the gateway has it, and a clock that is moved by hand. */
function processOf ({ listens = true, channel = true } = {}) {
  const killed: string[] = []
  let heard = 0
  let time = 0
  let waiting: Array<{ at: number, action: () => void }> = []
  const self = Object.assign(new EventEmitter(), {
    pid: 1,
    channel: channel ? { unref () {} } : undefined,
    kill (_pid: number, signal: string) {
      killed.push(signal)
      self.emit(signal)
      return true
    }
  })
  if (listens) self.on('SIGTERM', () => { heard++ })
  heedLauncher(self as unknown as Signalled, { now: () => time, later: (action, delay) => waiting.push({ at: time + delay, action }) })
  return {
    self,
    killed,
    get heard () { return heard },
    pass (ms: number) {
      time += ms
      const due = waiting.filter(({ at }) => at <= time)
      waiting = waiting.filter(({ at }) => at > time)
      for (const { action } of due) action()
    }
  }
}

t.test('a signal that only the launcher heard is passed on', async (t) => {
  const process = processOf()
  process.self.emit('message', { signal: 'SIGTERM' })
  process.pass(1_000)
  t.equal(process.heard, 1)
})

for (const [what, first, second] of [['before', 'SIGTERM', 'message'], ['after', 'message', 'SIGTERM']] as const) {
  t.test(`a signal that came directly, ${what} the launcher's word of it, is heard once`, async (t) => {
    const process = processOf()
    process.self.emit(first, { signal: 'SIGTERM' })
    process.pass(100)
    process.self.emit(second, { signal: 'SIGTERM' })
    process.pass(1_000)
    t.equal(process.heard, 1)
  })
}

t.test('a second signal, later, is heard too', async (t) => {
  const process = processOf()
  for (let round = 0; round < 2; round++) {
    process.self.emit('message', { signal: 'SIGTERM' })
    process.pass(250)
    process.pass(2_000)
  }
  t.equal(process.heard, 2)
})

t.test('a command that does not listen ends by the signal', async (t) => {
  const { self, killed } = processOf({ listens: false })
  self.emit('SIGTERM')
  t.same(killed, ['SIGTERM'])
  t.equal(self.listenerCount('SIGTERM'), 0, 'nothing keeps it from ending')
})

t.test('when the launcher has gone, the process ends too', async (t) => {
  const process = processOf()
  process.self.emit('disconnect')
  t.equal(process.heard, 1)
})

t.test('without a launcher nothing is listened to', async (t) => {
  const { self } = processOf({ listens: false, channel: false })
  t.same(self.eventNames(), [])
})

import t from 'tap'
import { FlagError, isLoopback, parseFlags } from '../../bench/flags.ts'

const known = { all: ['small', 'stream', 'soak'], usual: ['small', 'stream'], remote: ['small'] }
const parse = (...args: string[]) => parseFlags(args, known)
const refusal = (...args: string[]) => {
  try {
    parse(...args)
  } catch (error) {
    if (error instanceof FlagError) return error.message
    throw error
  }
  throw new Error(`taken: ${args.join(' ')}`)
}

t.test('without flags the usual scenarios run, against servers of our own', async (t) => {
  t.match(parse(), { scenarios: ['small', 'stream'], remote: null, json: false, quick: false, rounds: 12, soak: 600_000 })
})

t.test('scenarios are taken in the order in which they are named', async (t) => {
  t.strictSame(parse('--scenario', 'stream, small').scenarios, ['stream', 'small'])
})

t.test('a scenario that does not exist is refused, with those that do', async (t) => {
  t.match(refusal('--scenario', 'small,nonsense'), /no such scenario: nonsense\..*small, stream, soak/)
})

t.test('an unknown flag is refused', async (t) => {
  t.match(refusal('--nonsense'), /nonsense/)
})

t.test('a quick run has fewer rounds, unless it says how many', async (t) => {
  t.ok(parse('--quick').rounds < parse().rounds)
  t.equal(parse('--quick', '--rounds', '7').rounds, 7)
  for (const rounds of ['0', '-1', '1.5', 'many']) t.match(refusal(`--rounds=${rounds}`), /--rounds must be/)
})

t.test('a soak lasts as long as it is told, and is all that runs when nothing else is named', async (t) => {
  t.match(parse('--soak', '90s'), { scenarios: ['soak'], soak: 90_000 })
  t.match(parse('--soak', '2h', '--scenario', 'small,soak'), { scenarios: ['small', 'soak'], soak: 7_200_000 })
  for (const time of ['10', '0m', '-5m', 'long']) t.match(refusal(`--soak=${time}`), /--soak must be/)
})

t.test('a deployment on this machine needs no more than its token', async (t) => {
  for (const origin of ['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080']) {
    t.match(parse('--url', `${origin}/`, '--token', 'made-up').remote, { origin, token: 'made-up' })
  }
  t.match(refusal('--url', 'http://127.0.0.1:8080'), /needs --token/)
})

t.test('a deployment elsewhere is refused until it is said that it is meant', async (t) => {
  const args = ['--url', 'https://gateway.example.com', '--token', 'made-up']
  t.match(refusal(...args), /gateway\.example\.com is not this machine.*--allow-remote/)
  t.match(parse(...args, '--allow-remote').remote, { origin: 'https://gateway.example.com' })
})

t.test('a name that only looks like this machine is elsewhere', async (t) => {
  for (const host of ['localhost.example.com', '127.0.0.1.example.com', '128.0.0.1', '10.0.0.1', '[::2]', 'xlocalhost']) t.notOk(isLoopback(host), host)
})

t.test('only scenarios that suit a deployment are sent to it', async (t) => {
  t.match(refusal('--url', 'http://localhost', '--token', 'made-up', '--scenario', 'soak'), /no such scenario: soak/)
})

t.test('a deployment is asked a bounded number of questions', async (t) => {
  const remote = ['--url', 'http://localhost', '--token', 'made-up']
  t.match(parse(...remote).remote, { requests: 40, connections: 4, rate: 10 })
  t.match(refusal(...remote, '--requests', '2001'), /--requests must be a whole number from 1 to 2000/)
  t.match(refusal(...remote, '--connections', '65'), /--connections/)
})

t.test('an address that is none is refused', async (t) => {
  t.match(refusal('--url', 'nonsense', '--token', 'made-up'), /no URL/)
  t.match(refusal('--url', 'ftp://localhost', '--token', 'made-up'), /http or https/)
})

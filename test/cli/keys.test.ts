import t from 'tap'
import { MADE_UP_KEY, startCliWorld } from '../helpers/cli.ts'

const ADDED = 'sk-ant-sim-made-up-key-that-is-added-bbbb'

t.test('keys', async (t) => {
  const { run, json } = await startCliWorld(t)

  t.test('list shows the last letters only', async (t) => {
    const { code, stdout } = await run(['keys', 'list'])
    t.equal(code, 0)
    t.match(stdout, /^ID +NAME +KEY +STATE +FROM/)
    t.match(stdout, `...${MADE_UP_KEY.slice(-8)}`)
    t.notMatch(stdout, 'sk-ant')
  })

  t.test('add reads the key from standard input, with its labels', async (t) => {
    const added = await json(['keys', 'add', '--name', 'team-a', '--org', 'research', '--workspace', 'w1', '--weight', '2', '--file', '-'], { input: `${ADDED}\r\n` })
    t.match(added, { name: 'team-a', source: 'store', organisation: 'research', workspace: 'w1', weight: 2 })
    t.notMatch(JSON.stringify(added), ADDED)
  })

  t.test('a key that the pool has is refused without being repeated', async (t) => {
    const { code, stderr } = await run(['keys', 'add', '--file', '-'], { input: ADDED })
    t.equal(code, 1)
    t.match(stderr, /the pool has this key already/)
    t.notMatch(stderr, 'sk-ant')
  })

  t.test('disable, enable and reset', async (t) => {
    t.match((await run(['keys', 'disable', 'team-a'])).stdout, /^Key "team-a" \([\w-]+\) is out of use\.\n$/)
    t.match((await run(['keys', 'list'])).stdout, /team-a .* disabled +added/)
    t.match((await run(['keys', 'enable', 'team-a'])).stdout, /is in use again/)
    t.match((await run(['keys', 'reset', 'team-a'])).stdout, /is tried again/)
  })

  t.test('delete takes added keys only', async (t) => {
    t.match((await run(['keys', 'delete', 'team-a'])).stdout, /is deleted/)
    const [{ id }] = (await json(['keys', 'list'])).keys
    const { code, stderr } = await run(['keys', 'delete', id])
    t.equal(code, 1)
    t.match(stderr, /comes from the configuration/)
  })

  t.test('a weight that is none is an error of usage', async (t) => {
    t.match(await run(['keys', 'add', '--weight', 'heavy']), { code: 2, stderr: /It must be a number above 0/ })
  })
})

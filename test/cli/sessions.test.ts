import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startCliWorld } from '../helpers/cli.ts'
import { cookieOf } from '../helpers/web.ts'

t.test('session', async (t) => {
  const { cwd, run, json } = await startCliWorld(t)
  const cookie = cookieOf('the-command')

  t.test('add reads the cookie from standard input', async (t) => {
    const { code, stdout } = await run(['session', 'add', 'mine', '--file', '-'], { input: `sessionKey=${cookie}\n` })
    t.equal(code, 0)
    t.match(stdout, /^Session "mine" \([\w-]+\) is added\.\nState +active\n/)
    t.notMatch(stdout, cookie)
  })

  t.test('add reads it from a file, and warns where others can read that too', async (t) => {
    writeFileSync(join(cwd, 'cookie.txt'), cookieOf('a-file'), { mode: 0o644 })
    const { code, stderr } = await run(['session', 'add', 'filed', '--file', 'cookie.txt'])
    t.equal(code, 0)
    t.match(stderr, /others on this machine can read .*cookie\.txt; close it with: chmod 600 cookie\.txt/)
  })

  t.test('one that claude.ai refuses is told why', async (t) => {
    const dead = cookieOf('dead-one')
    const { code, stdout, stderr } = await run(['session', 'add', 'old', '--file', '-'], { input: dead })
    t.same({ code, stdout }, { code: 1, stdout: '' })
    t.match(stderr, /claude\.ai does not accept it/)
    t.notMatch(stderr, dead)
  })

  t.test('list shows how they stand, and no cookie', async (t) => {
    const { stdout } = await run(['session', 'list'])
    t.match(stdout, /mine +active +\S+ .*in \d+d \(/)
    t.notMatch(stdout + JSON.stringify(await json(['session', 'list'])), 'sk-ant')
  })

  t.test('check asks claude.ai', async (t) => {
    t.match(await json(['session', 'check', 'mine']), { name: 'mine', status: 'active' })
  })

  t.test('deactivate, activate and reset', async (t) => {
    t.match((await run(['session', 'deactivate', 'mine'])).stdout, /is out of use\.\n$/)
    const { code, stderr } = await run(['session', 'check', 'mine'])
    t.equal(code, 1)
    t.match(stderr, 'Session "mine" cannot be used now: it is deactivated.')
    t.match((await run(['session', 'activate', 'mine'])).stdout, /is in use again\.\n$/)
    t.match((await run(['session', 'reset', 'mine'])).stdout, /is tried again\.\n$/)
    t.match(await json(['session', 'check', 'mine']), { status: 'active' })
  })

  t.test('delete', async (t) => {
    t.match((await run(['session', 'delete', 'mine'])).stdout, /^Session "mine" \([\w-]+\) is deleted\.\n$/)
    t.same((await json(['session', 'list'])).sessions.map(({ name }: { name: string }) => name), ['filed'])
  })
})

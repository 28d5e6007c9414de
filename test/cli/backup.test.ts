import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import { runCli, startCliWorld } from '../helpers/cli.ts'

t.test('backup of a gateway that runs', async (t) => {
  const { cwd, run, json } = await startCliWorld(t)
  const { id } = await json(['token', 'create', 'kept'])

  t.test('is whole, has what was written last, and only its owner can read it', async (t) => {
    const { file, bytes, integrity } = await json(['backup', 'copy.db'])
    t.same({ file, integrity }, { file: join(cwd, 'copy.db'), integrity: 'ok' })
    t.same({ size: statSync(file).size, mode: statSync(file).mode & 0o777 }, { size: bytes, mode: 0o600 })
    const sqlite = new Sqlite(file, { readonly: true })
    t.teardown(() => sqlite.close())
    t.same(sqlite.prepare('select id, name from tokens').all(), [{ id, name: 'kept' }])
  })

  t.test('never overwrites', async (t) => {
    const before = readFileSync(join(cwd, 'copy.db'))
    const { code, stderr } = await run(['backup', 'copy.db'])
    t.equal(code, 1)
    t.match(stderr, /it exists, and a backup never overwrites/)
    t.ok(before.equals(readFileSync(join(cwd, 'copy.db'))))
  })

  t.test('tells what else must be kept', async (t) => {
    const { code, stdout, stderr } = await run(['backup', 'another.db'])
    t.equal(code, 0)
    t.match(stdout, /another\.db: \d+ bytes, checked\.\n$/)
    t.match(stderr, /keep the encryption key too/)
  })

  t.test('into a folder that is not there', async (t) => {
    t.match(await run(['backup', 'nowhere/copy.db']), { code: 1, stderr: /its folder does not exist/ })
  })
})

t.test('a database that is damaged leaves no backup behind', async (t) => {
  const cwd = t.testdir({ data: { 'ccproxy.db': 'this is no database, however long it may be\n'.repeat(100) } })
  const { code, stderr } = await runCli(t, ['backup', 'copy.db'], { cwd })
  t.equal(code, 1)
  t.match(stderr, /^The backup failed, and nothing was kept: /)
  t.same(readdirSync(cwd), ['data'])
})

t.test('without a database it says where it looked', async (t) => {
  const cwd = t.testdir({})
  t.match(await runCli(t, ['backup', 'copy.db'], { cwd }), { code: 1, stderr: `There is no database at ${join(cwd, 'data/ccproxy.db')}` })
})

import { readFileSync } from 'node:fs'
import t from 'tap'
import { pathOf, withTables, WRITTEN } from '../../docs/write-tables.ts'
import { configKeys } from '../../src/config.ts'

const textOf = (file: string) => readFileSync(pathOf(file), 'utf8')

t.test('what documents repeat from the code is as the code has it; npm run docs writes it', async (t) => {
  t.ok(WRITTEN.length >= 5)
  for (const file of WRITTEN) t.equal(textOf(file), withTables(file, textOf(file)), file)
})

t.test('a stale table is written anew, and nothing beside it changes', async (t) => {
  const readme = textOf('README.md')
  const stale = readme.replace('| Port to listen on; 0 takes any free one. |', '| Made up. |').replace('| `CCPROXY_LOG_LEVEL` |', '| `CCPROXY_MADE_UP` |')
  t.not(stale, readme)
  t.equal(withTables('README.md', stale), readme)
})

t.test('a document that has lost its marks is told', async (t) => {
  t.throws(() => withTables('README.md', '# ccproxy\n'), { message: /no place for configuration/ })
})

t.test('the README\'s table lists every setting once', async (t) => {
  const rows = textOf('README.md').split('\n').filter((line) => line.startsWith('| `CCPROXY_'))
  t.same(rows.map((row) => row.split('`')[1]), configKeys().map(({ env }) => env))
})

t.test('the README has the tables of compatibility', async (t) => {
  t.ok(textOf('README.md').includes('### Chat Completions\n\n| name | kind | here |'))
})

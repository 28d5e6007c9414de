import { readFileSync } from 'node:fs'
import t from 'tap'
import { withTables } from '../docs/write-tables.ts'
import { configKeys } from '../src/config.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

t.test('the README\'s table lists every setting as the schema has it', async (t) => {
  const rows = configKeys().map(({ env, file, default: fallback, required, description }) => {
    const value = required ? 'required' : fallback === null ? 'none' : `\`${fallback}\``
    return `| \`${env}\` | \`${file}\` | ${value} | ${description} |`
  })
  const table = readme.split('\n').filter((line) => line.startsWith('| `CCPROXY_'))
  t.same(table, rows)
})

t.test('every command in the README is a script of the package', async (t) => {
  const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> }
  const commands = [...readme.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1]!)
  t.ok(commands.length >= 4)
  for (const command of commands) t.ok(scripts[command], command)
})

t.test('the README\'s tables of compatibility are those of the code; npm run docs writes them', async (t) => {
  t.equal(readme, withTables(readme))
  t.ok(readme.includes('### Chat Completions\n\n| name | kind | here |'))
})

import { readFileSync } from 'node:fs'
import t from 'tap'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

t.test('every command in the README is a script of the package', async (t) => {
  const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> }
  const commands = [...readme.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1]!)
  t.ok(commands.length >= 4)
  for (const command of commands) t.ok(scripts[command], command)
})

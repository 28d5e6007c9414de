import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { parse } from 'yaml'

const ROOT = join(import.meta.dirname, '../..')
const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/**/*.md', { cwd: ROOT }).sort()].map((name) => ({ name, text: readFileSync(join(ROOT, name), 'utf8') }))

function blocksOf (text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, block]) => block!)
}

t.test('links lead to a file and to a heading of it', async (t) => {
  t.ok(documents.length > 10)
  for (const { name, text } of documents) {
    for (const [, path = '', heading] of text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
      const file = path === '' ? join(ROOT, name) : join(ROOT, dirname(name), path)
      t.ok(existsSync(file), `${name}: ${path}`)
      if (heading !== undefined) t.ok(headingsOf(readFileSync(file, 'utf8')).includes(heading), `${name}: ${path}#${heading}`)
    }
  }
})

t.test('what is to be pasted can be read by what it is for', async (t) => {
  for (const { name, text } of documents) {
    for (const block of blocksOf(text, 'json')) t.doesNotThrow(() => JSON.parse(block), name)
    for (const block of blocksOf(text, 'yaml')) t.doesNotThrow(() => parse(block), name)
    for (const block of blocksOf(text, 'ts')) {
      const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext }
      const { diagnostics } = ts.transpileModule(block, { reportDiagnostics: true, compilerOptions })
      t.same(diagnostics, [], name)
    }
  }
})

t.test('every client has its block', async (t) => {
  const { text } = documents.find(({ name }) => name === 'docs/clients.md')!
  const clients = ['claude-code', 'codex', 'openai-sdk', 'anthropic-sdk', 'vercel-ai-sdk', 'langchain', 'continue', 'cline']
  t.same(headingsOf(text).filter((heading) => clients.includes(heading)), clients)
})

/** As the links name them. */
function headingsOf (text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!.toLowerCase().replace(/[^\p{L}\d\s_-]/gu, '').replaceAll(' ', '-'))
}

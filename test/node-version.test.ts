import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { nodeVersionProblem, OLDEST_NODE } from '../src/node-version.ts'
import { findOldNode } from './helpers/old-node.ts'

const SRC = join(import.meta.dirname, '..', 'src')

/** As in tsconfig.json. */
const BUILD = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2024, verbatimModuleSyntax: true, rewriteRelativeImportExtensions: true }

t.test('the oldest Node is the one that package.json names', async (t) => {
  const { engines } = JSON.parse(readFileSync(join(SRC, '..', 'package.json'), 'utf8')) as { engines: { node: string } }
  t.equal(engines.node, `>=${OLDEST_NODE}`)
})

t.test('Node 24 and newer are good', async (t) => {
  for (const version of ['24.0.0', '26.10.0', '100.0.0']) t.equal(nodeVersionProblem(version), undefined, version)
})

t.test('an older Node is told what is needed and what it is', async (t) => {
  for (const version of ['23.11.1', '20.20.2', '8.0.0']) t.match(nodeVersionProblem(version), new RegExp(`needs Node\\.js 24 or newer.* ${version}\\.`), version)
})

t.test('the server ends with one line when Node is too old', async (t) => {
  const oldNode = "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.11.1'}})"
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', oldNode, join(SRC, 'server.ts')], {
    cwd: t.testdir({}), env: {}, encoding: 'utf8'
  })
  t.equal(status, 1)
  t.equal(stdout, '')
  t.equal(stderr, `${nodeVersionProblem('20.11.1')}\n`)
})

const oldNode = findOldNode()
t.test('a real older Node says so before it needs any other file', { skip: oldNode === undefined && 'no older Node on the PATH' }, async (t) => {
  const cwd = t.testdir({ 'package.json': '{"type":"module"}' })
  for (const name of ['server', 'node-version']) {
    const { outputText } = ts.transpileModule(readFileSync(join(SRC, `${name}.ts`), 'utf8'), { compilerOptions: BUILD })
    writeFileSync(join(cwd, `${name}.js`), outputText)
  }
  const { status, stderr } = spawnSync(oldNode!.path, ['server.js'], { cwd, env: {}, encoding: 'utf8' })
  t.equal(stderr, `${nodeVersionProblem(oldNode!.version)}\n`)
  t.equal(status, 1)
})

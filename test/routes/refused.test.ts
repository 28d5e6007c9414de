import t from 'tap'
import { startResources } from '../helpers/resources.ts'

for (const [path, reason] of [
  ['/v1/organizations/users', /admin key/],
  ['/v1/organizations', /admin key/],
  ['/v1/agents', /cannot keep one token's apart/],
  ['/v1/sessions/sess_made_up/events', /cannot keep one token's apart/],
  ['/v1/memory_stores/x', /cannot keep one token's apart/],
  ['/v1/user_profiles', /cannot keep one token's apart/]
] as const) {
  t.test(`${path} is refused with the reason, whatever is asked of it`, async (t) => {
    const { caller, simulator } = await startResources(t)
    const { call } = await caller()
    for (const [method, body] of [['GET'], ['POST', { a: 1 }], ['POST', 'no JSON'], ['DELETE']] as const) {
      t.match(await call(method, path, body), { status: 403, json: { type: 'error', error: { type: 'permission_error', message: reason } } })
    }
    t.equal(simulator.simulator.requests, 0)
  })
}

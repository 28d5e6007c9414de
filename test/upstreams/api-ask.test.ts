import t from 'tap'
import { Pool } from 'undici'
import { createKeyPool } from '../../src/plugins/key-pool.ts'
import { createApiUpstream } from '../../src/upstreams/api.ts'
import { createModelCatalogue } from '../../src/upstreams/model-catalogue.ts'
import { startUpstream } from '../helpers/upstream.ts'

async function upstreamOf (t: Parameters<typeof startUpstream>[0], answer: Parameters<typeof startUpstream>[1], maxConnections = 10) {
  const { url } = await startUpstream(t, answer)
  const dispatcher = new Pool(url)
  t.teardown(() => dispatcher.destroy())
  const keyPool = createKeyPool({ keys: [{ key: 'sk-ant-made-up-key' }], strategy: 'round_robin' })
  const patient = createApiUpstream({ keyPool, url, dispatcher, maxConnections })
  const hasty = createApiUpstream({ keyPool, url, dispatcher, maxConnections, askTimeout: 20 })
  return { keyPool, patient, hasty }
}

t.test('an upstream that does not answer is given up, and what is known is told', async (t) => {
  let silent = false
  const { keyPool, patient, hasty } = await upstreamOf(t, (res) => {
    if (!silent) res.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}')
  })
  let now = 0
  const catalogue = createModelCatalogue({ ask: (path, headers) => (silent ? hasty : patient).ask({ path, headers }), clock: () => now })
  await catalogue.get('/v1/models', {})
  silent = true
  now = 86_400_000
  t.match(await catalogue.get('/v1/models', {}), { status: 200, cache: 'stale' })
  await t.rejects(hasty.ask({ path: '/v1/models/x', headers: {} }), { status: 504, code: 'upstream_timeout' })
  t.equal(hasty.running, 0)
  t.equal(keyPool.leases, 0)
})

t.test('nobody waits in a queue that nobody sees', async (t) => {
  const { patient } = await upstreamOf(t, () => {}, 0)
  t.equal(patient.full, true)
  await t.rejects(patient.ask({ path: '/v1/models', headers: {} }), { status: 529, code: 'too_many_requests_running' })
})

t.test('an answer that grows without end is given up', async (t) => {
  const { patient } = await upstreamOf(t, (res) => {
    res.writeHead(200, { 'content-type': 'application/json' })
    res.end(Buffer.alloc(5 * 1024 * 1024, ' '))
  })
  await t.rejects(patient.ask({ path: '/v1/models', headers: {} }), { status: 502, code: 'upstream_too_large' })
})

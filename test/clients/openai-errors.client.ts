import t from 'tap'
import { until } from '../helpers/until.ts'
import { classOf, connectOpenAI, errorOf, fault, loadOpenAI, type Chunk } from './helpers/openai.ts'
import { startWorld } from './helpers/world.ts'

const OpenAI = await loadOpenAI()
const ask = (content: string, more: object = {}): object => ({ model: 'claude-sonnet-5-5', messages: [{ role: 'user', content }], ...more })

const EXPECTED = [
  { wish: '400', status: 400, class: 'BadRequestError', type: 'invalid_request_error', code: null },
  { wish: 'prompt-too-long', status: 400, class: 'BadRequestError', type: 'invalid_request_error', code: 'context_length_exceeded' },
  { wish: '401', status: 401, class: 'AuthenticationError', type: 'invalid_request_error', code: 'invalid_api_key' },
  { wish: '403', status: 403, class: 'PermissionDeniedError', type: 'permission_error', code: null },
  { wish: '404', status: 404, class: 'NotFoundError', type: 'invalid_request_error', code: 'model_not_found' },
  { wish: '413', status: 413, class: 'APIError', type: 'invalid_request_error', code: 'request_too_large' },
  { wish: '429', status: 429, class: 'RateLimitError', type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  { wish: 'credit', status: 400, class: 'BadRequestError', type: 'insufficient_quota', code: 'insufficient_quota' },
  { wish: '500', status: 500, class: 'InternalServerError', type: 'server_error', code: null },
  { wish: '529', status: 503, class: 'InternalServerError', type: 'server_error', code: null },
  { wish: 'overloaded-first', status: 503, class: 'InternalServerError', type: 'server_error', code: 'upstream_error' }
]

for (const { wish, status, class: name, type, code } of EXPECTED) {
  for (const stream of [false, true]) {
    t.test(`${wish} is a ${name} of type ${type}, ${stream ? 'with' : 'without'} streaming`, async (t) => {
      const world = await startWorld(t)
      const error = await errorOf(connectOpenAI(OpenAI, world).chat.completions.create(ask('say hi', { stream }), fault(wish)))
      t.type(error, classOf(OpenAI, name))
      t.match(error, { status, type, code })
      t.match(error.requestID, /^req_/)
      t.ok(error.message.length > 10)
    })
  }
}

t.test('a token that is not valid is an AuthenticationError', async (t) => {
  const world = await startWorld(t)
  const error = await errorOf(connectOpenAI(OpenAI, { url: world.url, token: 'made-up' }).chat.completions.create(ask('say hi')))
  t.type(error, classOf(OpenAI, 'AuthenticationError'))
  t.match(error, { status: 401, code: 'invalid_api_key', type: 'invalid_request_error', message: /token is not valid/ })
})

t.test('the SDK waits for a rate limit as long as it is told, and goes on', async (t) => {
  const world = await startWorld(t)
  const completion = await connectOpenAI(OpenAI, world, 2).chat.completions.create(ask('say patience'), fault('429;times=1;retry-after=1'))
  t.equal(completion.choices[0]?.message.content, 'patience')
  t.match(await world.answered(), [{ status: 429 }, { status: 200 }])
})

t.test('rate limits are told in the names of OpenAI', async (t) => {
  const world = await startWorld(t)
  const response = await fetch(`${world.url}/v1/chat/completions`, { method: 'POST', headers: world.headers, body: JSON.stringify(ask('say hi')) })
  for (const what of ['requests', 'tokens']) {
    t.match(response.headers.get(`x-ratelimit-limit-${what}`), /^\d+$/)
    t.match(response.headers.get(`x-ratelimit-remaining-${what}`), /^\d+$/)
    t.match(response.headers.get(`x-ratelimit-reset-${what}`), /^(\d+h)?(\d+m)?\d+s$/)
  }
  t.match(response.headers.get('x-request-id'), /^req_/)
})

for (const wish of ['error-mid', 'reset-mid', 'close-mid', 'truncate']) {
  t.test(`a stream that dies of ${wish} throws, after what has come`, async (t) => {
    const world = await startWorld(t)
    const stream = await connectOpenAI(OpenAI, world).chat.completions.create(ask('count to 20', { stream: true }), fault(wish)) as unknown as AsyncIterable<Chunk>
    const said: string[] = []
    const error = await errorOf((async () => {
      for await (const { choices } of stream) said.push(choices[0]?.delta.content ?? '')
    })())
    t.type(error, classOf(OpenAI, 'APIError'))
    t.match(error, { type: 'server_error' })
    t.match(said.join(''), /^1/)
    t.match(await world.answered(), [{ status: 200, outcome: 'failed' }])
  })

  t.test(`a whole answer whose stream dies of ${wish} is an error`, async (t) => {
    const world = await startWorld(t)
    const error = await errorOf(connectOpenAI(OpenAI, world).chat.completions.create(ask('count to 20'), fault(wish)))
    t.type(error, classOf(OpenAI, 'InternalServerError'))
    t.ok(error.status! >= 500)
  })
}

t.test('leaving the loop ends a running stream, here and upstream', async (t) => {
  const world = await startWorld(t)
  const stream = await connectOpenAI(OpenAI, world).chat.completions.create(ask('count to 20', { stream: true }), fault('silence-mid')) as unknown as AsyncIterable<Chunk>
  for await (const { choices } of stream) if (choices[0]?.delta.content) break
  t.match(await world.answered(), [{ outcome: 'client_closed' }])
  await until(() => world.simulator.aborted === 1, 'the simulator to see the abort')
})

t.test('a signal ends the wait for a whole answer, here and upstream', async (t) => {
  const world = await startWorld(t)
  const controller = new AbortController()
  const failed = errorOf(connectOpenAI(OpenAI, world).chat.completions.create(ask('count to 20'), { ...fault('silence-mid'), signal: controller.signal }))
  await until(() => world.simulator.open === 1, 'the request to arrive')
  controller.abort()
  t.type(await failed, classOf(OpenAI, 'APIUserAbortError'))
  t.match(await world.answered(), [{ outcome: 'client_closed' }])
  await until(() => world.simulator.aborted === 1, 'the simulator to see the abort')
})

import type { Test } from 'tap'
import { UPSTREAM_KEY } from '../../helpers/gateway.ts'
import { until } from '../../helpers/until.ts'
import { ask } from './sdk-answers.ts'
import { classOf, connect, errorOf, fault, typeOf, type Sdk } from './sdk.ts'
import { startWorld } from './world.ts'

/** A fault of the simulator, with what an SDK must make of it. Names of classes differ between the generations of the SDK. */
export interface Expected {
  fault: string
  status: number
  type: string
  class: string
}

/** What the SDK makes of failures. */
export function testErrors (t: Test, Anthropic: Sdk, faults: Expected[]): void {
  for (const expected of faults) {
    for (const stream of [false, true]) {
      t.test(`${expected.status} is a ${expected.class}, ${stream ? 'with' : 'without'} streaming`, async (t) => {
        const { url, token } = await startWorld(t)
        const { messages } = connect(Anthropic, url, token)
        const error = await errorOf(messages.create(ask('say hi', { stream }), fault(expected.fault)))
        t.type(error, classOf(Anthropic, expected.class))
        t.equal(error.status, expected.status)
        t.equal(typeOf(error), expected.type)
        t.equal(error.requestID, (error.error as { request_id: string }).request_id)
      })
    }
  }

  t.test('a rate limit tells when to come back', async (t) => {
    const { url, token } = await startWorld(t)
    const error = await errorOf(connect(Anthropic, url, token).messages.create(ask('say hi'), fault('429;retry-after=7')))
    t.equal(error.headers?.get('retry-after'), '7')
  })

  t.test('a rate limit is waited for, and the next try is answered', async (t) => {
    const { url, token, answered, seen } = await startWorld(t)
    const message = await connect(Anthropic, url, token, 2).messages.create(ask('say patience'), fault('429;times=1;retry-after=1'))
    t.same(message.content, [{ type: 'text', text: 'patience' }])
    t.equal((await answered())[0]?.status, 429)
    t.equal(seen.length, 2)
  })

  t.test('a token of nobody is an AuthenticationError', async (t) => {
    const { url, seen } = await startWorld(t)
    const error = await errorOf(connect(Anthropic, url, 'made-up-token').messages.create(ask('say hi')))
    t.type(error, classOf(Anthropic, 'AuthenticationError'))
    t.equal(typeOf(error), 'authentication_error')
    t.match(error.requestID, /^req_/)
    t.equal(seen.length, 0)
  })

  t.test('an unknown model is a NotFoundError', async (t) => {
    const { url, token } = await startWorld(t)
    t.type(await errorOf(connect(Anthropic, url, token).models.retrieve('claude-made-up')), classOf(Anthropic, 'NotFoundError'))
  })

  t.test('an upstream that cannot be reached is an InternalServerError in words', async (t) => {
    const { url, token } = await startWorld(t)
    const error = await errorOf(connect(Anthropic, url, token).messages.create(ask('say hi'), fault('reset-before')))
    t.type(error, classOf(Anthropic, 'InternalServerError'))
    t.equal(typeOf(error), 'api_error')
    t.match(error.message, /upstream/)
    t.notMatch(error.message, UPSTREAM_KEY)
  })

  for (const [wish, type] of [['overloaded-first', 'overloaded_error'], ['error-mid', 'overloaded_error'], ['reset-mid', 'api_error'], ['truncate', 'api_error']]) {
    t.test(`a stream that fails with ${wish} ends in an APIError of type ${type}`, async (t) => {
      const { url, token } = await startWorld(t)
      const stream = connect(Anthropic, url, token).messages.stream(ask('count to 20'), fault(wish!))
      const error = await errorOf(stream.finalMessage())
      t.type(error, classOf(Anthropic, 'APIError'))
      t.equal(typeOf(error), type, error.message)
    })
  }

  t.test('a stream that breaks off is logged as failed', async (t) => {
    const { url, token, answered } = await startWorld(t)
    await errorOf(connect(Anthropic, url, token).messages.stream(ask('count to 20'), fault('reset-mid')).finalMessage())
    t.match(await answered(), [{ status: 200, outcome: 'failed' }])
  })
}

/** What happens when the SDK's user has enough. */
export function testAborts (t: Test, Anthropic: Sdk): void {
  t.test('a controller ends a running stream, here and upstream', async (t) => {
    const { url, token, answered, simulator } = await startWorld(t)
    const stream = await connect(Anthropic, url, token).messages.create({ ...ask('count to 20'), stream: true }, fault('silence-mid'))
    const events: string[] = []
    for await (const { type } of stream) {
      events.push(type)
      if (type === 'content_block_delta') stream.controller.abort()
    }
    t.equal(events.at(-1), 'content_block_delta')
    t.match(await answered(), [{ status: 200, outcome: 'client_closed' }])
    await until(() => simulator.aborted === 1, 'the simulator to see the abort')
  })

  t.test('leaving the loop ends a running stream, here and upstream', async (t) => {
    const { url, token, answered, simulator } = await startWorld(t)
    for await (const { type } of await connect(Anthropic, url, token).messages.create({ ...ask('count to 20'), stream: true }, fault('silence-mid'))) {
      if (type === 'content_block_delta') break
    }
    t.match(await answered(), [{ outcome: 'client_closed' }])
    await until(() => simulator.aborted === 1, 'the simulator to see the abort')
  })

  t.test('abort() ends a message that is being put together', async (t) => {
    const { url, token, answered, simulator } = await startWorld(t)
    const stream = connect(Anthropic, url, token).messages.stream(ask('count to 20'), fault('silence-mid')).on('text', () => stream.abort())
    t.type(await errorOf(stream.finalMessage()), classOf(Anthropic, 'APIUserAbortError'))
    t.match(await answered(), [{ outcome: 'client_closed' }])
    await until(() => simulator.aborted === 1, 'the simulator to see the abort')
  })

  t.test('a signal ends a request before its answer begins', async (t) => {
    const { url, token, answered, simulator } = await startWorld(t)
    const controller = new AbortController()
    const { messages } = connect(Anthropic, url, token)
    const failed = errorOf(messages.create(ask('say hi'), { ...fault('silence-before'), signal: controller.signal }))
    await until(() => simulator.open === 1, 'the request to arrive')
    controller.abort()
    t.type(await failed, classOf(Anthropic, 'APIUserAbortError'))
    t.match(await answered(), [{ status: 499, outcome: 'client_closed' }])
    await until(() => simulator.aborted === 1, 'the simulator to see the abort')
  })
}

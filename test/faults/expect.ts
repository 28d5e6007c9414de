import type { Test } from 'tap'
import { errorOf, parseEvents } from '../helpers/sse.ts'
import type { Answer } from '../helpers/raw-client.ts'
import { settled } from '../helpers/settled.ts'
import type { TestGateway } from '../helpers/gateway.ts'

/** A failure that was met before anything reached the client: the envelope, whole, and nothing of the upstream's answer. */
export function isEnvelope (t: Test, answer: Answer, status: number, type: string): void {
  t.equal(answer.status, status)
  t.ok(answer.whole, 'the answer is whole')
  t.match(answer.headers['content-type'], /^application\/json/)
  const body = JSON.parse(answer.body.toString()) as { type: string, error: { type: string, message: string }, request_id: string }
  t.match(body, { type: 'error', error: { type, message: /\S/ }, request_id: /^req_/ })
  t.equal(answer.headers['request-id'], body.request_id)
}

/** A failure in the middle of a stream: what had come, then an error event, and nothing that looks like a proper end. */
export function endsWithErrorEvent (t: Test, answer: Answer, type: string): void {
  const text = answer.body.toString()
  const events = parseEvents(text)
  t.equal(answer.status, 200)
  t.equal(errorOf(events.at(-1))?.type, type, 'the last event tells the error')
  t.equal(events.filter(({ event }) => event === 'error').length, 1, 'once')
  t.notOk(events.some(({ event }) => event === 'message_stop'), 'no message_stop')
}

/** Nothing is left of a request, whatever became of it, and the gateway goes on. */
export async function nothingIsLeft (t: Test, { app, url }: TestGateway): Promise<void> {
  await settled(app)
  t.equal(app.exchanges.size, 0)
  t.equal((await fetch(`${url}/health`)).status, 200)
}

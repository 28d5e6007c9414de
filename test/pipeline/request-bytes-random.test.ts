import t from 'tap'
import fc from 'fast-check'
import { Agent } from 'node:http'
import { startGateway } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { startUpstream } from '../helpers/upstream.ts'

// Whatever valid JSON a client sends, laid out in whatever way, arrives as it was sent.

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/)

/** A value's text with white space wherever JSON allows it. */
function layOut (value: unknown, gap: () => string): string {
  if (Array.isArray(value)) return `[${gap()}${value.map((item) => layOut(item, gap)).join(`${gap()},${gap()}`)}${gap()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, item]) => `${gap()}${JSON.stringify(key)}${gap()}:${gap()}${layOut(item, gap)}${gap()}`)
  return `{${members.join(',')}}`
}

t.test('random JSON with random white space arrives byte for byte', async (t) => {
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, { 'content-type': 'application/json' })
    res.end('{}')
  })
  const gateway = await startGateway(t, upstream.url)
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())

  await fc.assert(fc.asyncProperty(fc.jsonValue(), fc.infiniteStream(space), async (extra, gaps) => {
    const text = layOut({ extra, messages: [extra], model: 'claude-sonnet-5-5' }, () => gaps.next().value!)
    const answer = await send(gateway.url, { headers: gateway.headers, body: text, agent })
    return answer.status === 200 && upstream.seen.pop()?.body.equals(Buffer.from(text)) === true
  }), { numRuns: 300 })
})

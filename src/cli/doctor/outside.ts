import { unreachable, type Gateway } from '../gateway.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** How much of the time of an answer its events must take; in one piece at the end, they take next to nothing of it. */
const SPREAD = 0.05

const NGINX = 'In nginx: "proxy_buffering off;" for /v1/; elsewhere turn response buffering and compression of text/event-stream off.'

interface Asked {
  publicUrl: string
  /** For the token with which the question is asked; it is revoked afterwards. */
  gateway: Gateway
}

/** Looks from where the clients are: through nginx, or whatever stands before the gateway. Asks the model one short question. */
export async function checkOutside ({ publicUrl, gateway }: Asked): Promise<Finding[]> {
  try {
    const about = await fetch(publicUrl, { redirect: 'manual' })
    const { name } = await about.json().catch(() => ({})) as { name?: string }
    if (name !== 'ccproxy') return [fail('public url', `What answers at ${publicUrl} (${about.status}) is not ccproxy.`, 'Check the proxy_pass of nginx, and server.public_url.')]
    return [ok('public url', `${publicUrl} leads to ccproxy.`), await checkAdminClosed(publicUrl), ...await checkStreaming(publicUrl, gateway)]
  } catch (error) {
    return [fail('public url', unreachable(publicUrl, error).message, 'Check the name, the certificate and the proxy.')]
  }
}

/** No key is sent. The gateway itself would ask for it; a proxy that closes the path does not. */
async function checkAdminClosed (publicUrl: string): Promise<Finding> {
  const response = await fetch(`${publicUrl}/api/token/list`, { redirect: 'manual' })
  await response.body?.cancel()
  return response.status === 401
    ? warn('admin routes', `They can be reached at ${publicUrl}/api/.`, 'Close /api/ to the outside in the proxy (all but /api/token/info).')
    : ok('admin routes', 'They are closed to the outside.')
}

async function checkStreaming (publicUrl: string, { ask }: Gateway): Promise<Finding[]> {
  const { token, id } = await ask<{ token: string, id: string }>('/api/token/generate', { method: 'POST', body: { name: 'ccproxy doctor', expires_in: '5m' } })
  try {
    const headers = { authorization: `Bearer ${token}`, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' }
    const models = await (await fetch(`${publicUrl}/v1/models`, { headers })).json() as { data?: Array<{ id: string }> }
    const ids = models.data?.map(({ id }) => id) ?? []
    const model = ids.find((id) => id.includes('haiku')) ?? ids[0]
    if (model === undefined) return [warn('streaming', 'It could not be tried: the gateway lists no model.', 'Mend the lines above first.')]
    const began = performance.now()
    const response = await fetch(`${publicUrl}/v1/messages`, {
      method: 'POST', headers, body: JSON.stringify({ model, max_tokens: 100, stream: true, messages: [{ role: 'user', content: 'count to 30' }] })
    })
    if (!response.ok) return [warn('streaming', `It could not be tried: ${publicUrl}/v1/messages answered ${response.status}.`, 'Mend the lines above first.')]
    return [await judgeStream(response, began)]
  } finally {
    await ask('/api/token/revoke', { method: 'POST', body: { id } })
  }
}

/** @param began when it was asked for, as `performance.now()` tells it */
async function judgeStream (response: Response, began: number): Promise<Finding> {
  let first: number | undefined
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.includes('\n\n')) first ??= performance.now()
  }
  const ended = performance.now()
  if (!text.includes('event: message_stop')) return fail('streaming', 'The streamed answer was cut off before its end.', 'See the log of the gateway, and the read timeout of the proxy.')
  if (first !== undefined && (ended - first) / (ended - began) > SPREAD) return ok('streaming', 'The first event of an answer comes before the answer is complete.')
  return fail('streaming', 'An answer comes in one piece at its end: something before the gateway buffers it.', NGINX)
}

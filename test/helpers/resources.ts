import type { Test } from 'tap'
import { buildSimulator, type SimulatorOptions } from '../../src/simulator/app.ts'
import { makeToken, startGateway, type ConfigChanges } from './gateway.ts'

/** An answer with its body as text. */
export interface TextAnswer {
  status: number
  headers: Record<string, string>
  text: string
  json: Record<string, unknown> & { id: string, data: Array<{ id: string }>, error: { type: string, message: string } }
}

/** Keys of the simulator in workspaces of one organisation, each workspace with two keys. */
export const WORKSPACES = ['red', 'blue', 'green'].flatMap((name) => [1, 2].map((n) => ({
  key: `sk-ant-sim-org-acme-ws-${name}-n${n}-made-up`, org: 'acme', workspace: name
})))

/** A form with one file, as the SDKs send it. */
export function formOf (content: string | Buffer, name = 'notes.txt', type = 'text/plain') {
  const form = new FormData()
  form.append('file', new Blob([content as string], { type }), name)
  return form
}

/** The gateway in front of a simulator with three workspaces, and callers with tokens of their own. */
export async function startResources (t: Test, changes: ConfigChanges = {}, simulatorOptions: SimulatorOptions = {}) {
  const simulator = buildSimulator(simulatorOptions)
  t.teardown(() => simulator.close())
  const simulatorUrl = await simulator.listen({ host: '127.0.0.1', port: 0 })
  const gateway = await startGateway(t, simulatorUrl, { ...changes, claude: { api_keys: WORKSPACES, ...changes.claude } })

  async function caller (version = '2026-10-21') {
    const { token, id } = await makeToken(gateway.app)
    const call = async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: FormData | string | object, more: Record<string, string> = {}): Promise<TextAnswer> => {
      const isJson = body !== undefined && !(body instanceof FormData)
      const answer = await fetch(gateway.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'anthropic-version': version, ...isJson && { 'content-type': 'application/json' }, ...more },
        body: isJson && typeof body !== 'string' ? JSON.stringify(body) : body as string | FormData | undefined ?? null
      })
      const text = await answer.text()
      const headers = Object.fromEntries(answer.headers)
      const isAnswerJson = headers['content-type']?.startsWith('application/json') === true
      return { status: answer.status, headers, text, json: (isAnswerJson ? JSON.parse(text) : {}) as TextAnswer['json'] }
    }
    const upload = (content: string | Buffer = 'some notes', name?: string) => call('POST', '/v1/files', formOf(content, name))
    return { call, upload, token, id }
  }

  return { simulator, simulatorUrl, gateway, caller }
}

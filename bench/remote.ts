import { setTimeout as sleep } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { clientHeaders } from './client.ts'
import type { RemoteFlags } from './flags.ts'
import { poolFor, VoidRun } from './load.ts'
import { quantiles, short, table, type Section } from './report.ts'

/** More than this for one answer is given up, in milliseconds. */
const LONGEST = 60_000
/** Nothing is sent after this, in milliseconds. */
const LONGEST_RUN = 5 * 60_000

interface RemoteScenario {
  title: string
  path: string
  body: (model: string, prompt: string) => object
  /** What an answer that came to its end ends with. */
  end: string
}

const PROMPT = (prompt: string) => [{ role: 'user', content: prompt }]

/** What is asked of somebody's own deployment: short answers, in each protocol, whole and streamed. */
export const REMOTE_SCENARIOS: Record<string, RemoteScenario> = {
  small: {
    title: 'Messages, JSON', path: '/v1/messages', end: '}', body: (model, prompt) => ({ model, max_tokens: 64, messages: PROMPT(prompt) })
  },
  stream: {
    title: 'Messages, streamed',
    path: '/v1/messages',
    end: '{"type":"message_stop"}',
    body: (model, prompt) => ({ model, max_tokens: 64, stream: true, messages: PROMPT(prompt) })
  },
  chat: {
    title: 'Chat Completions, JSON', path: '/v1/chat/completions', end: '}', body: (model, prompt) => ({ model, max_tokens: 64, messages: PROMPT(prompt) })
  },
  'chat-stream': {
    title: 'Chat Completions, streamed',
    path: '/v1/chat/completions',
    end: 'data: [DONE]',
    body: (model, prompt) => ({ model, max_tokens: 64, stream: true, messages: PROMPT(prompt) })
  }
}

interface RemoteRun {
  firstByte: number[]
  total: number[]
  seconds: number
  /** Answers in which the words came back that were asked for: a model is free not to say them. */
  echoed: number
}

/**
 * Asks a deployment, gently: bounded in requests, in their rate and in time.
 * @throws VoidRun at the first answer that is not 200 or did not come to its end
 */
export async function remoteSection (name: string, flags: RemoteFlags): Promise<Section> {
  const scenario = REMOTE_SCENARIOS[name]!
  const { firstByte, total, seconds, echoed } = await askAll(scenario, flags)
  const row = [scenario.title, String(total.length), short(total.length / seconds), quantiles(firstByte), quantiles(total), `${echoed} of ${total.length}`]
  return {
    title: `${scenario.title}, ${flags.origin}`,
    text: `At most ${flags.rate} requests/s over ${flags.connections} connections; ms, p50 / p90 / p99\n\n` +
      table(['', 'answers', 'per second', 'first byte', 'whole', 'with the words asked for'], [row]),
    data: { firstByte, total, seconds, echoed }
  }
}

async function askAll (scenario: RemoteScenario, flags: RemoteFlags): Promise<RemoteRun> {
  const pool = poolFor(flags, flags.connections, { headersTimeout: LONGEST, bodyTimeout: LONGEST })
  const run: RemoteRun = { firstByte: [], total: [], seconds: 0, echoed: 0 }
  const start = performance.now()
  let sent = 0
  const connection = async () => {
    while (sent < flags.requests && performance.now() - start < LONGEST_RUN) {
      const index = sent++
      await sleep(Math.max(0, start + index * 1_000 / flags.rate - performance.now()))
      await ask(pool, scenario, flags, `w${index}-${Math.random().toString(36).slice(2, 8)}`, run)
    }
  }
  try {
    await Promise.all(Array.from({ length: flags.connections }, connection))
    return { ...run, seconds: (performance.now() - start) / 1_000 }
  } finally {
    await pool.destroy()
  }
}

async function ask (pool: Dispatcher, scenario: RemoteScenario, { token, model }: RemoteFlags, word: string, run: RemoteRun): Promise<void> {
  const { path, body, end } = scenario
  const from = performance.now()
  // The upstream of the suite is told its case in a beta header; a real one must not be.
  const { 'anthropic-beta': _case, ...headers } = clientHeaders(token, '')
  const question = JSON.stringify(body(model, `say ${word}`))
  const answer = await pool.request({ path, method: 'POST', headers, body: question, signal: AbortSignal.timeout(LONGEST) })
  let [text, first] = ['', 0]
  for await (const chunk of answer.body.setEncoding('utf8')) {
    if (first === 0) first = performance.now()
    text += chunk
  }
  if (answer.statusCode !== 200) throw new VoidRun(`${path} answered ${answer.statusCode}: ${text.slice(0, 300)}`, { status: answer.statusCode })
  if (!text.trimEnd().endsWith(end)) throw new VoidRun(`an answer of ${path} did not come to its end`)
  run.firstByte.push(first - from)
  run.total.push(performance.now() - from)
  if (text.includes(word)) run.echoed++
}

/** What the guide tells of the running demo. */
export interface DemoFacts {
  /** Address of the gateway. */
  url: string
  token: string
  adminKey: string
}

const MODEL = 'claude-opus-5-5'

/** What can be pasted into another terminal while the demo runs. */
export function demoGuide (facts: DemoFacts): string {
  return [
    ['With curl:', curl(facts)],
    ['With Claude Code (add -p "say hi" for a single answer):', `ANTHROPIC_BASE_URL=${facts.url} ANTHROPIC_AUTH_TOKEN=${facts.token} claude`],
    ['With the Anthropic SDK for TypeScript (npm install @anthropic-ai/sdk):', anthropicSdk(facts)],
    ['With an OpenAI client:', openaiSdk(facts)],
    ['By claude.ai, with the owner\'s session: the same curl line with one more header', '-H \'x-proxy-mode: web\''],
    ['As the administrator, the tokens and the state of the upstream keys and sessions:', admin(facts)],
    ['To see a failure: the same curl line with one more header, such as', '-H \'anthropic-simulator-fault: error-mid\'']
  ].map((lines) => lines.join('\n\n')).join('\n\n')
}

function curl ({ url, token }: DemoFacts): string {
  const body = JSON.stringify({ model: MODEL, max_tokens: 256, stream: true, messages: [{ role: 'user', content: 'count to 20' }] })
  return `curl -N ${url}/v1/messages \\
  -H 'Authorization: Bearer ${token}' \\
  -H 'anthropic-version: 2023-06-01' \\
  -H 'content-type: application/json' \\
  -d '${body}'`
}

function anthropicSdk ({ url, token }: DemoFacts): string {
  return `import Anthropic from '@anthropic-ai/sdk'
const client = new Anthropic({ baseURL: '${url}', apiKey: '${token}' })
const message = await client.messages.create({ model: '${MODEL}', max_tokens: 256, messages: [{ role: 'user', content: 'say hi' }] })
console.log(message.content)`
}

function openaiSdk ({ url, token }: DemoFacts): string {
  return `import OpenAI from 'openai'
const client = new OpenAI({ baseURL: '${url}/v1', apiKey: '${token}' })
const completion = await client.chat.completions.create({ model: '${MODEL}', messages: [{ role: 'user', content: 'say hi' }] })
console.log(completion.choices[0].message.content)`
}

function admin ({ url, adminKey }: DemoFacts): string {
  return ['token/list', 'keys/stats', 'session/list'].map((path) => `curl -H 'X-Admin-Key: ${adminKey}' ${url}/api/${path}`).join('\n')
}

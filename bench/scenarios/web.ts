/**
 * Web mode: the same question asked of the simulated claude.ai and of the simulated API, through the gateway. A request in web mode is several
 * at claude.ai (a conversation is made, completed and deleted), so that this is the price of the mode more than of the gateway.
 */
import { MODEL } from '../cases.ts'
import { makeBed, type Child } from '../children.ts'
import { learnLength, requestTo } from '../client.ts'
import { compare, type Contender, type Plan } from '../compare.ts'
import { compareData, compareText } from '../compare-tables.ts'
import type { SuiteOptions } from '../flags.ts'
import type { Section } from '../report.ts'
import { joined } from './joined.ts'

const TABLES = { unit: 'API', base: 'direct to the API' }
/** Words in the streamed answer beside the nonce; with the six events around them the stream has 53. */
const WORDS = 46

export async function web (options: SuiteOptions): Promise<Section> {
  await using bed = await makeBed('simulator')
  const targets = { 'direct to the API': { ...bed.upstream, token: 'sk-ant-made-up-key' }, API: await bed.start('gateway'), web: await bed.start('web-gateway') }
  const sections: Section[] = []
  for (const stream of [false, true]) {
    const contenders: Contender[] = []
    for (const [name, child] of Object.entries(targets)) contenders.push(await contenderOf(name, child, bed.nonce, stream))
    const plan: Plan = { contenders, rounds: options.rounds, requests: stream ? 60 : 120, json: !stream, rate: 40 }
    const measured = await compare(plan)
    const title = stream ? 'streamed answer of 53 words' : 'small JSON answer'
    sections.push({ title, text: compareText(measured, plan, TABLES), data: compareData(measured, TABLES) })
  }
  return joined('Web mode, against the simulated claude.ai', sections)
}

async function contenderOf (name: string, child: Child, nonce: string, stream: boolean): Promise<Contender> {
  const words = stream ? Array.from({ length: WORDS }, (_, index) => ` word-${index}`).join('') : ''
  const messages = [{ role: 'user', content: `say ${nonce}${words}` }]
  const body = Buffer.from(JSON.stringify({ model: MODEL, max_tokens: 1_024, stream, messages }))
  // The simulator streams word by word: the nonce is short enough to be one.
  const request = requestTo(child, 'web', { body, length: 0, nonce: nonce.slice(0, 16) })
  if (name === 'direct to the API') request.headers['x-api-key'] = child.token
  request.expected.length = await learnLength(request, stream ? 'message_stop"}\n\n' : '}')
  return { name, request, usage: child.usage, loop: child }
}

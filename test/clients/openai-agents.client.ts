import t from 'tap'
import { connectOpenAI, load, loadOpenAI, type Zod } from './helpers/openai.ts'
import { bodyOf, startWorld, type World } from './helpers/world.ts'

/** The OpenAI Agents SDK, as far as the tests use it; see `helpers/openai.ts` on why it is written out here. */
interface Agents {
  Agent: new (options: object) => object
  Runner: new (options: object) => { run (agent: object, input: string, options?: object): Promise<Run> }
  OpenAIProvider: new (options: object) => object
  tool (options: object): object
  setTracingDisabled (disabled: boolean): void
}
interface Run { finalOutput: unknown, completed?: Promise<void> }

const OpenAI = await loadOpenAI()
const { Agent, Runner, OpenAIProvider, tool, setTracingDisabled } = await load<Agents>('@openai/agents')
const { z } = await load<{ z: Zod }>('zod')
// It would tell OpenAI about every run.
setTracingDisabled(true)

function runnerOf (world: World, useResponses: boolean) {
  return new Runner({ modelProvider: new OpenAIProvider({ openAIClient: connectOpenAI(OpenAI, world), useResponses }), tracingDisabled: true })
}

for (const useResponses of [true, false]) {
  for (const stream of [false, true]) {
    t.test(`${useResponses ? 'Responses' : 'Chat'}: a loop with a tool, ${stream ? 'with' : 'without'} streaming`, async (t) => {
      const world = await startWorld(t)
      const asked: unknown[] = []
      const weather = tool({
        name: 'get_weather',
        description: 'The weather of a city.',
        parameters: z.object({ city: z.string() }),
        execute: async (input: unknown) => {
          asked.push(input)
          return '−4 °C, clear'
        }
      })
      const agent = new Agent({ name: 'Weatherman', instructions: 'Tell the weather.', model: 'claude-sonnet-5-5', tools: [weather] })
      const run = await runnerOf(world, useResponses).run(agent, 'use the get_weather tool with {"city":"Tromsø 🌌"}', { stream })
      await run.completed
      t.equal(run.finalOutput, 'The tool answered: −4 °C, clear')
      t.same(asked, [{ city: 'Tromsø 🌌' }])
      t.equal(world.asked().length, 2)
      t.match(bodyOf(world.asked()[0]!), { system: [{ text: 'Tell the weather.' }], tools: [{ name: 'get_weather', strict: true }] })
    })
  }

  t.test(`${useResponses ? 'Responses' : 'Chat'}: an answer by a schema`, async (t) => {
    const agent = new Agent({ name: 'Weatherman', model: 'claude-sonnet-5-5', outputType: z.object({ city: z.string(), degrees: z.number().int() }) })
    const { finalOutput } = await runnerOf(await startWorld(t), useResponses).run(agent, 'the weather')
    t.match(finalOutput, { city: String, degrees: Number })
  })
}

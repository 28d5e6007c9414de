import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { SdkName } from './helpers/sdk.ts'
import { startWorld } from './helpers/world.ts'

interface Thing { id: string }
interface Batch extends Thing { processing_status: string, results_url: string | null }

/** What the tests use of an SDK beside Messages. Files and skills are among the betas in the older one. */
interface Resources {
  files: {
    upload (params: { file: unknown }): Promise<Thing & { filename: string }>
    list (params?: { limit: number }): AsyncIterable<Thing>
    retrieveMetadata (id: string): Promise<Thing>
    download (id: string): Promise<Response>
    delete (id: string): Promise<Thing>
  }
  skills: {
    create (params: { files: unknown[] }): Promise<Thing>
    list (params?: { limit: number }): AsyncIterable<Thing>
    retrieve (id: string): Promise<Thing>
    delete (id: string): Promise<Thing>
  }
}

interface Client extends Resources {
  beta: Resources
  messages: {
    batches: {
      create (params: object): Promise<Batch>
      retrieve (id: string): Promise<Batch>
      list (params?: { limit: number }): AsyncIterable<Batch>
      results (id: string): Promise<AsyncIterable<{ custom_id: string, result: { type: string } }>>
      cancel (id: string): Promise<Batch>
      delete (id: string): Promise<Thing>
    }
  }
}

interface Package {
  default: new (options: object) => Client
  toFile: (content: Buffer, name: string, options?: { type: string }) => Promise<unknown>
}

const MANY = ['one', 'two', 'three', 'four', 'five']
const request = (id: string) => ({
  custom_id: id, params: { model: 'claude-sonnet-5-5', max_tokens: 16, messages: [{ role: 'user', content: 'say hi' }] }
})

async function all<T> (list: AsyncIterable<T>): Promise<T[]> {
  const things: T[] = []
  for await (const thing of list) things.push(thing)
  return things
}

for (const name of ['anthropic-sdk-0', 'anthropic-sdk-1'] satisfies SdkName[]) {
  const { default: Anthropic, toFile } = await import(name) as Package

  const start = async (t: Parameters<typeof startWorld>[0]) => {
    const keys = ['red', 'blue', 'green'].map((workspace) => ({ key: `sk-ant-sim-org-acme-ws-${workspace}-made-up`, org: 'acme', workspace }))
    const world = await startWorld(t, { claude: { api_keys: keys } }, randomBytes)
    const client = new Anthropic({ baseURL: world.url, apiKey: world.token, authToken: null, maxRetries: 0 })
    return { client, world, resources: name === 'anthropic-sdk-0' ? client.beta : client }
  }

  t.test(`${name}: files go up, are listed, come down and are deleted`, async (t) => {
    const { resources: { files } } = await start(t)
    const made = []
    for (const word of MANY) made.push(await files.upload({ file: await toFile(Buffer.from(word), `${word}.txt`, { type: 'text/plain' }) }))
    t.same(made.map(({ filename }) => filename), MANY.map((word) => `${word}.txt`))
    t.same((await all(files.list({ limit: 2 }))).map(({ id }) => id), made.map(({ id }) => id).toReversed())
    t.equal((await files.retrieveMetadata(made[1]!.id)).id, made[1]!.id)
    t.equal(await (await files.download(made[2]!.id)).text(), 'three')
    await files.delete(made[0]!.id)
    t.equal((await all(files.list())).length, 4)
    await t.rejects(files.retrieveMetadata(made[0]!.id), /404/)
  })

  t.test(`${name}: a batch runs to its results, which come through the gateway`, async (t) => {
    const { client: { messages: { batches } }, world } = await start(t)
    const { id } = await batches.create({ requests: MANY.map(request) })
    await batches.retrieve(id)
    const ended = await batches.retrieve(id)
    t.equal(ended.results_url, `${world.url}/v1/messages/batches/${id}/results`)
    t.same((await all(await batches.results(id))).map((one) => `${one.custom_id} ${one.result.type}`), MANY.map((word) => `${word} succeeded`))
    const second = await batches.create({ requests: [request('x')] })
    t.equal((await batches.cancel(second.id)).processing_status, 'canceling')
    t.same((await all(batches.list({ limit: 1 }))).map((one) => one.id), [second.id, id])
    await batches.delete(id)
    await t.rejects(batches.retrieve(id), /404/)
  })

  t.test(`${name}: a skill is made, listed beside Anthropic's own, read and deleted`, async (t) => {
    const { resources: { skills } } = await start(t)
    const { id } = await skills.create({ files: [await toFile(Buffer.from('# A skill'), 'SKILL.md')] })
    t.same((await all(skills.list({ limit: 2 }))).map((skill) => skill.id), [id, 'pptx', 'xlsx', 'docx', 'pdf'])
    t.equal((await skills.retrieve(id)).id, id)
    await skills.delete(id)
    await t.rejects(skills.retrieve(id), /404/)
  })
}

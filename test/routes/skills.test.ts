import t from 'tap'
import { formOf, startResources } from '../helpers/resources.ts'

for (const version of ['2026-10-21', '2023-06-01']) {
  t.test(`a skill and its versions (${version})`, async (t) => {
    const { caller } = await startResources(t)
    const { call } = await caller(version)
    const made = await call('POST', '/v1/skills', formOf('# A skill', 'SKILL.md'))
    t.match(made, { status: 200, json: { id: /^skill_/, display_name: 'SKILL.md' } })
    const path = `/v1/skills/${made.json.id}`
    t.same((await call('GET', path)).json, made.json)
    const next = await call('POST', `${path}/versions`, formOf('# Better', 'SKILL.md'))
    t.match(next, { status: 200, json: { type: 'skill_version', skill_id: made.json.id } })
    const versions = (await call('GET', `${path}/versions`)).json.data
    t.equal(versions.length, 2)
    t.match(await call('GET', `${path}/versions/${next.json.id}`), { status: 200, json: { id: next.json.id } })
    t.equal((await call('DELETE', `${path}/versions/${next.json.id}`)).status, 200)
    t.equal((await call('GET', path)).status, 200, 'the skill is still the caller\'s')
    t.equal((await call('DELETE', path)).status, 200)
    t.equal((await call('GET', path)).status, 404)
  })

  t.test(`the list has the caller's own skills and Anthropic's (${version})`, async (t) => {
    const { caller } = await startResources(t, { claude: { api_keys: [{ key: 'sk-ant-sim-ws-one-made-up' }] } })
    const [mine, other] = [await caller(version), await caller(version)]
    await other.call('POST', '/v1/skills', formOf('x', 'theirs.md'))
    const { json } = await mine.call('POST', '/v1/skills', formOf('x', 'mine.md'))
    t.same((await mine.call('GET', '/v1/skills')).json.data.map(({ id }) => id), [json.id, 'pptx', 'xlsx', 'docx', 'pdf'])
    t.same((await mine.call('GET', '/v1/skills?source=custom')).json.data.map(({ id }) => id), [json.id])
  })
}

t.test('Anthropic\'s own skills can be read by everybody, and changed by nobody', async (t) => {
  const { caller } = await startResources(t)
  const { call } = await caller()
  t.match(await call('GET', '/v1/skills/pptx'), { status: 200, json: { id: 'pptx' } })
  t.match(await call('GET', '/v1/skills/pptx/versions'), { status: 200, json: { data: [{ skill_id: 'pptx' }] } })
  t.equal((await call('DELETE', '/v1/skills/pptx')).status, 404)
  t.equal((await call('POST', '/v1/skills/pptx/versions', formOf('x'))).status, 404)
})

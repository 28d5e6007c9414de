import t from 'tap'
import { modelForBoth, modelsForBoth } from '../../src/translate/model-list.ts'

const SONNET = { type: 'model', id: 'claude-sonnet-5-5', display_name: 'Claude Sonnet 5.5', created_at: '2026-10-07T00:00:00Z' }

t.test('a model has the fields of both protocols', async (t) => {
  t.same(modelForBoth(SONNET), { ...SONNET, object: 'model', created: 1_791_331_200, owned_by: 'anthropic' })
})

t.test('aliases stand behind the models, also of one that the list does not name', async (t) => {
  const list = modelsForBoth({ data: [SONNET], has_more: false }, { 'gpt-5': SONNET.id, old: 'claude-old' })
  t.match(list, {
    object: 'list',
    data: [{ id: SONNET.id }, { id: 'gpt-5', display_name: 'Claude Sonnet 5.5' }, { id: 'old', object: 'model', created: 0, owned_by: 'anthropic' }],
    has_more: false,
    first_id: SONNET.id,
    last_id: 'old'
  })
})

t.test('a list of any shape gives a list', async (t) => {
  for (const list of [null, [], {}, { data: 5 }]) t.match(modelsForBoth(list, {}), { object: 'list', data: [], first_id: null, last_id: null })
  t.match(modelsForBoth({ data: [null, 'x'] }, {}), { data: [{ id: '', created: 0 }, { id: '' }] })
})

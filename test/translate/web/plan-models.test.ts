import t from 'tap'
import { modelsOf, webModelList, type Offer } from '../../../src/translate/web/plan-models.ts'

const offer = (plan: string | null, refused: string[] = []): Offer => ({ plan, refuses: (model) => refused.includes(model) })
const ids = (...offers: Offer[]) => modelsOf(offers).map(({ id }) => id)

t.test('a paid plan has more than the free one, and everything that it has', async (t) => {
  const [free, pro] = [ids(offer('free')), ids(offer('pro'))]
  t.ok(free.length > 0)
  t.ok(pro.length > free.length)
  t.same(free.filter((id) => !pro.includes(id)), [])
  t.notOk(free.includes('claude-opus-5-5'))
  for (const plan of ['max', 'team', 'enterprise']) t.same(ids(offer(plan)), pro, plan)
})

t.test('a plan that nobody knows yet is given the benefit of the doubt', async (t) => {
  t.same(ids(offer(null)), ids(offer('pro')))
})

t.test('a model is there when one session has it, each once', async (t) => {
  const both = ids(offer('free'), offer('pro'), offer('pro'))
  t.same(both, ids(offer('pro')))
  t.equal(new Set(both).size, both.length)
})

t.test('what a session turned out not to have is left out, unless another has it', async (t) => {
  t.notOk(ids(offer('pro', ['claude-opus-5-5'])).includes('claude-opus-5-5'))
  t.ok(ids(offer('pro', ['claude-opus-5-5']), offer('max')).includes('claude-opus-5-5'))
  t.notOk(ids(offer('pro', ['claude-opus-5-5']), offer('free')).includes('claude-opus-5-5'))
})

t.test('without sessions there are no models', async (t) => {
  t.same(webModelList(modelsOf([])), { data: [], has_more: false, first_id: null, last_id: null })
})

t.test('the list has the form of the Models API', async (t) => {
  const models = modelsOf([offer('free')])
  for (const model of models) t.match(model, { type: 'model', id: /^claude-/, display_name: /^Claude /, created_at: '1970-01-01T00:00:00Z' })
  t.match(webModelList(models), { data: models, has_more: false, first_id: models[0]!.id, last_id: models.at(-1)!.id })
})

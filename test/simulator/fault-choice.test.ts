import t from 'tap'
import { createFaultChoice } from '../../src/simulator/fault-choice.ts'
import { FAULTS } from '../../src/simulator/faults.ts'

const KEY = 'sk-ant-sim-aaaa'
const wish = (text: string, more: Record<string, string> = {}) => ({ 'anthropic-simulator-fault': text, ...more })

t.test('a request without a wish meets no fault', async (t) => {
  t.equal(createFaultChoice()({}, KEY), undefined)
})

for (const name of Object.keys(FAULTS)) {
  t.test(`the header chooses ${name}`, async (t) => {
    t.equal(createFaultChoice()(wish(name), KEY)?.fault, FAULTS[name])
  })

  t.test(`a key chooses ${name}`, async (t) => {
    t.equal(createFaultChoice()({}, `sk-ant-sim-fault-${name}-aaaa`)?.fault, FAULTS[name])
  })
}

t.test('the header wins over the key', async (t) => {
  t.equal(createFaultChoice()(wish('500'), 'sk-ant-sim-fault-401-aaaa')?.fault, FAULTS[500])
})

t.test('a name that is no fault is refused with those that there are', async (t) => {
  t.throws(() => createFaultChoice()(wish('constructor'), KEY), { statusCode: 400, message: /no fault "constructor"; there are .*overloaded-first/ })
})

t.test('a parameter is read from the header', async (t) => {
  t.equal(createFaultChoice()(wish('429; retry-after=3'), KEY)?.number('retry-after', 1), 3)
})

t.test('a parameter is read from the key', async (t) => {
  t.equal(createFaultChoice()({}, 'sk-ant-sim-fault-429;retry-after=3-aaaa')?.number('retry-after', 1), 3)
})

t.test('a parameter that is not given has its default', async (t) => {
  t.equal(createFaultChoice()(wish('429'), KEY)?.number('retry-after', 1), 1)
})

t.test('with times, the first requests of a key meet the fault and the others do not', async (t) => {
  const choose = createFaultChoice()
  t.same([1, 2, 3].map(() => choose(wish('529;times=2'), KEY) !== undefined), [true, true, false])
})

t.test('with after, a key is well at first', async (t) => {
  const choose = createFaultChoice()
  const key = 'sk-ant-sim-fault-401;after=2;times=1-aaaa'
  t.same([1, 2, 3, 4, 5].map(() => choose({}, key) !== undefined), [false, false, true, false, false])
})

t.test('a fault that a key carries is counted over all sessions', async (t) => {
  const choose = createFaultChoice()
  const key = 'sk-ant-sim-fault-401;times=1-aaaa'
  t.ok(choose({ 'x-claude-code-session-id': 'one' }, key))
  t.notOk(choose({ 'x-claude-code-session-id': 'two' }, key))
})

t.test('times are counted for each key', async (t) => {
  const choose = createFaultChoice()
  choose(wish('529;times=1'), KEY)
  t.ok(choose(wish('529;times=1'), 'sk-ant-sim-bbbb'))
})

t.test('times are counted for each session, whatever its key', async (t) => {
  const choose = createFaultChoice()
  const session = { 'x-claude-code-session-id': '00000000-0000-4000-8000-000000000001' }
  t.ok(choose(wish('529;times=1', session), KEY))
  t.notOk(choose(wish('529;times=1', session), 'sk-ant-sim-bbbb'))
  t.ok(choose(wish('529;times=1', { 'x-claude-code-session-id': '00000000-0000-4000-8000-000000000002' }), KEY))
})

t.test('times are counted for each fault', async (t) => {
  const choose = createFaultChoice()
  choose(wish('529;times=1'), KEY)
  t.ok(choose(wish('500;times=1'), KEY))
})

import t from 'tap'
import { resolveAlias, traitsOf } from '../../src/translate/models.ts'

const support = (supported: boolean) => ({ supported })

t.test('the longer prefix counts', async (t) => {
  t.equal(traitsOf('claude-opus-5-5').forcedTools, false)
  t.equal(traitsOf('claude-opus-5').forcedTools, true)
  t.equal(traitsOf('claude-opus-5-20260701').thinkingOff, 'low_effort')
  t.equal(traitsOf('claude-fable-5').forcedTools, true)
  t.equal(traitsOf('claude-fable-5-2').forcedTools, false)
  t.equal(traitsOf('claude-sonnet-4-5-20250929').thinking, 'budget')
  t.equal(traitsOf('claude-opus-4-1-20250805').maxTokens, 32_000)
})

t.test('an unknown model is taken for one that accepts the least', async (t) => {
  const { sampling, forcedTools, thinkingOff } = traitsOf('claude-next')
  t.strictSame({ sampling, forcedTools, thinkingOff }, { sampling: false, forcedTools: false, thinkingOff: 'never' })
})

t.test('what the upstream says of a model wins', async (t) => {
  const traits = traitsOf('claude-next', {
    max_tokens: 9000,
    capabilities: {
      structured_outputs: support(false),
      effort: { supported: true, low: support(true), medium: support(true), high: support(true), max: support(false), xhigh: null },
      thinking: { types: { adaptive: support(false), enabled: support(true), disabled: support(true), between_tools: support(false) } }
    }
  })
  t.match(traits, { maxTokens: 9000, structuredOutputs: false, efforts: ['low', 'medium', 'high'], thinking: 'budget', thinkingOff: 'disabled' })
})

t.test('a model that cannot leave thinking out may do so between tools', async (t) => {
  const types = (between: boolean) => ({
    capabilities: { thinking: { types: { disabled: support(false), between_tools: support(between) } } }
  })
  t.equal(traitsOf('claude-sonnet-5', types(true)).thinkingOff, 'between_tools')
  t.equal(traitsOf('claude-sonnet-5', types(false)).thinkingOff, 'never')
})

t.test('nonsense from the upstream changes nothing', async (t) => {
  for (const info of [null, 5, [], { max_tokens: -1, capabilities: null }, { capabilities: { effort: 1, thinking: { types: [] } } }]) {
    t.strictSame(traitsOf('claude-opus-5', info), traitsOf('claude-opus-5'))
  }
})

t.test('aliases', async (t) => {
  t.equal(resolveAlias('gpt-5', { 'gpt-5': 'claude-sonnet-5-5' }), 'claude-sonnet-5-5')
  t.equal(resolveAlias('claude-opus-5', {}), 'claude-opus-5')
  t.equal(resolveAlias('constructor', {}), 'constructor', 'an inherited name is no alias')
})

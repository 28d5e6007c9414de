import t from 'tap'
import { namesInOpenai, refusedInOpenai } from '../../../src/translate/web/openai-names.ts'

t.test('what was ignored is told under the names that were sent', async (t) => {
  t.same(namesInOpenai(['max_tokens', 'temperature', 'metadata'], new Set(['max_completion_tokens', 'temperature', 'user'])), ['max_completion_tokens', 'temperature', 'user'])
  t.same(namesInOpenai(['max_tokens', 'cache_control'], new Set(['model'])), [], 'and not what only the translation has put there')
})

t.test('what is refused is named as it was sent', async (t) => {
  t.equal(refusedInOpenai('output_config.format', new Set(['response_format'])), 'response_format')
  t.equal(refusedInOpenai('output_config.format', new Set(['text'])), 'text.format')
  t.equal(refusedInOpenai('tools', new Set(['functions'])), 'functions')
  t.equal(refusedInOpenai('tools', new Set(['tools', 'functions'])), 'tools')
  t.equal(refusedInOpenai('tool_choice', new Set(['tool_choice'])), 'tool_choice')
})

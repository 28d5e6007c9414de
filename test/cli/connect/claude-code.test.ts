import fc from 'fast-check'
import * as jsonc from 'jsonc-parser'
import t from 'tap'
import { claudeCode } from '../../../src/cli/connect/claude-code.ts'
import { CliError } from '../../../src/cli/errors.ts'

const CONNECTION = { url: 'http://127.0.0.1:8080', token: 'made-up-token', model: 'claude-sonnet-5-5' }
const OURS = { ANTHROPIC_BASE_URL: CONNECTION.url, ANTHROPIC_AUTH_TOKEN: CONNECTION.token }

t.test('a file that is not there yet', async (t) => {
  t.equal(claudeCode.merge('', CONNECTION), `${JSON.stringify({ env: OURS }, null, 2)}\n`)
})

t.test('comments, order, unknown keys and other variables stay', async (t) => {
  const before = `{
    // what I may do
    "permissions": { "allow": ["Bash(ls:*)"] },
    "env": {
        "EDITOR": "vim", // mine
        "ANTHROPIC_BASE_URL": "https://elsewhere.example.com"
    },
    "made-up-key": [1, 2,],
}
`
  t.equal(claudeCode.merge(before, CONNECTION), `{
    // what I may do
    "permissions": { "allow": ["Bash(ls:*)"] },
    "env": {
        "EDITOR": "vim", // mine
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:8080",
        "ANTHROPIC_AUTH_TOKEN": "made-up-token"
    },
    "made-up-key": [1, 2,],
}
`)
})

t.test('what is no settings file is refused', async (t) => {
  for (const text of ['[]', '{', '{"env": "none"}', '"text"', '{"a": 1} {"b": 2}']) t.throws(() => claudeCode.merge(text, CONNECTION), CliError, text)
})

t.test('whatever was there is there afterwards, and twice is once', async (t) => {
  const settings = fc.record({ env: fc.dictionary(fc.string(), fc.string()), other: fc.jsonValue() }, { requiredKeys: [] })
  fc.assert(fc.property(settings, fc.constantFrom(0, 2, 4, '\t'), fc.constantFrom('\n', '\r\n'), (value, indent, eol) => {
    fc.pre(!JSON.stringify(value).includes('__proto__'))
    const merged = claudeCode.merge(JSON.stringify(value, null, indent).replaceAll('\n', eol), CONNECTION)
    t.same(JSON.parse(merged), JSON.parse(JSON.stringify({ ...value, env: { ...value.env, ...OURS } })))
    t.equal(claudeCode.merge(merged, CONNECTION), merged)
  }), { numRuns: 50 })
})

t.test('a byte order mark stays', async (t) => {
  const merged = claudeCode.merge('\ufeff{"a": 1}', CONNECTION)
  t.equal(merged[0], '\ufeff')
  t.same(jsonc.parse(merged.slice(1)), { a: 1, env: OURS })
})

t.test('the file is where Claude Code looks for it', async (t) => {
  const io = (env: Record<string, string>) => ({ env }) as unknown as Parameters<typeof claudeCode.file>[0]
  t.equal(claudeCode.file(io({ HOME: '/made/up' })), '/made/up/.claude/settings.json')
  t.equal(claudeCode.file(io({ HOME: '/made/up', CLAUDE_CONFIG_DIR: '/elsewhere' })), '/elsewhere/settings.json')
})

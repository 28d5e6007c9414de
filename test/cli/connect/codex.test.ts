import fc from 'fast-check'
import { parse, stringify } from 'smol-toml'
import t from 'tap'
import { codex } from '../../../src/cli/connect/codex.ts'
import { CliError } from '../../../src/cli/errors.ts'

const CONNECTION = { url: 'http://127.0.0.1:8080', token: 'made-up-token', model: 'claude-sonnet-5-5' }
const TOP = { model: 'claude-sonnet-5-5', model_provider: 'ccproxy' }
const PROVIDER = { name: 'ccproxy', base_url: 'http://127.0.0.1:8080/v1', env_key: 'CCPROXY_TOKEN', wire_api: 'responses' }

const FRESH = `model = "claude-sonnet-5-5"
model_provider = "ccproxy"

[model_providers.ccproxy]
name = "ccproxy"
base_url = "http://127.0.0.1:8080/v1"
env_key = "CCPROXY_TOKEN"
wire_api = "responses"
`

t.test('a file that is not there yet', async (t) => {
  t.equal(codex.merge('', CONNECTION), FRESH)
})

t.test('comments, order and unknown keys stay, and only what must changes', async (t) => {
  const before = `# my Codex
model = "gpt-made-up" # the default
approval_policy = 'on-request'

# tools
[mcp_servers.made-up]
command = "npx"
args = [
  "one", # first
]

[model_providers.ccproxy] # the team's
base_url = 'https://old.example.com/v1'
http_headers = { "x-made-up" = "1" }

[profiles.other]
model = "stays"
`
  t.equal(codex.merge(before, CONNECTION), `# my Codex
model = "claude-sonnet-5-5" # the default
approval_policy = 'on-request'
model_provider = "ccproxy"

# tools
[mcp_servers.made-up]
command = "npx"
args = [
  "one", # first
]

[model_providers.ccproxy] # the team's
base_url = "http://127.0.0.1:8080/v1"
http_headers = { "x-made-up" = "1" }
name = "ccproxy"
env_key = "CCPROXY_TOKEN"
wire_api = "responses"

[profiles.other]
model = "stays"
`)
})

t.test('what cannot be changed safely is refused', async (t) => {
  for (const text of [
    'model = ', 'model_providers.ccproxy.name = "dotted"', 'model_providers = { ccproxy = { name = "inline" } }', 'notes = """\n[model_providers.ccproxy]\n"""',
    'model = """many\nlines"""', 'notes = """\nmodel = "not mine"\n"""'
  ]) t.throws(() => codex.merge(text, CONNECTION), CliError, text)
})

t.test('whatever was there is there afterwards, and twice is once', async (t) => {
  const key = fc.stringMatching(/^[a-z_]{1,8}$/).filter((name) => name !== 'model_providers')
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean())
  const settings = fc.dictionary(key, fc.oneof(scalar, fc.array(scalar), fc.dictionary(key, scalar)))
  fc.assert(fc.property(settings, fc.boolean(), (value, windows) => {
    const { model, ...others } = value
    const before = parse(stringify(others))
    const text = stringify(others)
    const merged = codex.merge(windows ? text.replaceAll('\n', '\r\n') : text, CONNECTION)
    t.same(parse(merged), { ...before, ...TOP, model_providers: { ccproxy: PROVIDER } })
    t.equal(codex.merge(merged, CONNECTION), merged)
  }), { numRuns: 50 })
})

t.test('the token stays out of the file', async (t) => {
  t.notMatch(codex.merge('', CONNECTION), CONNECTION.token)
  t.match(codex.afterwards!(CONNECTION), 'export CCPROXY_TOKEN=made-up-token')
})

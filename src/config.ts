import { Type, type StaticDecode, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { coerce, complaints, howToMake, normaliseUrl, secretFindings } from './config-rules.ts'
import { readSources, type Place } from './config-sources.ts'
import { parseDuration } from './duration.ts'

const oneOf = <const T extends string>(values: readonly T[], fallback: T, description: string) =>
  Type.Unsafe<T>(Type.Union(values.map((value) => Type.Literal(value)), { default: fallback, description }))

const text = (fallback: string, description: string) => Type.String({ minLength: 1, default: fallback, description })

/** Written as text such as `90s`, decoded to milliseconds. The bounds keep it within what a timer of Node can hold. */
const duration = (fallback: string, description: string, min = '100ms', max = '24h') =>
  Type.Transform(Type.String({ default: fallback, description, rule: 'duration', min, max }))
    .Decode((written) => parseDuration(written)!)
    .Encode((ms) => `${ms}ms`)

const upstreamUrl = (fallback: string, description: string) =>
  Type.Transform(Type.String({ default: fallback, description, rule: 'upstream_url' })).Decode(normaliseUrl).Encode((url) => url)

const ApiKey = Type.Object({
  key: Type.String({ minLength: 1, rule: 'visible' }),
  name: Type.Optional(Type.String({ minLength: 1 })),
  org: Type.Optional(Type.String({ minLength: 1 })),
  workspace: Type.Optional(Type.String({ minLength: 1 })),
  weight: Type.Optional(Type.Number({ exclusiveMinimum: 0 }))
})

/**
 * Every setting: its type, bounds, default and meaning. The environment names, the file's keys and the `Config` type derive from it.
 * `secret` keeps a value out of every message; `rule` names a check of `config-rules.ts`.
 */
export const ConfigSchema = Type.Object({
  jwt: Type.Object({
    secret: Type.String({ minLength: 1, secret: true, description: 'Signs client tokens; at least 32 bytes in production. Changing it ends every token.' }),
    issuer: text('ccproxy', 'Issuer (iss) written into client tokens and asked of them.'),
    default_expiry: duration('720h', 'How long a new client token is valid unless its maker says otherwise.', '1s', '36500d')
  }),
  admin: Type.Object({
    key: Type.String({ minLength: 1, secret: true, rule: 'visible', description: 'Opens the admin routes; sent in the X-Admin-Key header.' })
  }),
  claude: Type.Object({
    api_keys: Type.Array(ApiKey, {
      default: [],
      secret: true,
      description: 'Anthropic API keys, comma separated; in the file also objects with key, name, org, workspace and weight.'
    }),
    key_strategy: oneOf(['round_robin', 'random', 'affinity'], 'round_robin', 'How the next API key is chosen: round_robin, random or affinity.'),
    api_url: upstreamUrl('https://api.anthropic.com', 'Where API mode forwards to; https, or http on a loopback host.'),
    web_url: upstreamUrl('https://claude.ai', 'Where web mode forwards to; https, or http on a loopback host.'),
    connect_timeout: duration('5s', 'How long connecting to an upstream may take.'),
    headers_timeout: duration('10m', 'How long an upstream may take until its answer begins.'),
    idle_timeout: duration('120s', 'How long an upstream may be silent in the middle of an answer.'),
    max_connections: Type.Integer({ default: 1024, minimum: 1, description: 'Most connections held open to one upstream.' }),
    web_conversation_ttl: duration('30m', 'How long a conversation is kept on claude.ai for its next turn; 0s deletes it with its answer.', '0s'),
    retry_timeouts: Type.Boolean({
      default: false, description: 'Whether a request that was not answered in time is sent again; it may then be billed twice.'
    })
  }),
  models: Type.Object({
    aliases: Type.Record(Type.String(), Type.String({ minLength: 1 }), {
      default: {}, description: 'Names that clients of the OpenAI protocol may use for Claude models, as alias=model, comma separated; in the file a map.'
    })
  }),
  openai: Type.Object({
    prompt_caching: Type.Boolean({
      default: true, description: 'Whether prompts of the OpenAI protocol, which cannot ask for it, are cached upstream.'
    })
  }),
  server: Type.Object({
    host: text('0.0.0.0', 'Address to listen on.'),
    port: Type.Integer({ default: 8080, minimum: 0, maximum: 65535, description: 'Port to listen on; 0 takes any free one.' }),
    mode: oneOf(['api', 'web', 'both'], 'both', 'Which upstreams requests may use: api, web or both.'),
    public_url: Type.Optional(Type.Transform(Type.String({
      rule: 'public_url', description: 'Where clients reach the gateway, such as https://claude.example.com; what each request says when unset.'
    })).Decode(normaliseUrl).Encode((url) => url)),
    trust_proxy: Type.Array(Type.String({ rule: 'cidr' }), {
      default: [], description: 'Addresses of trusted reverse proxies as IPs or CIDRs, comma separated; only their X-Forwarded-For is believed.'
    }),
    drain_timeout: duration('120s', 'How long running answers may go on after a signal to stop.', '0s'),
    stall_timeout: duration('60s', 'How long a client may leave its answer unread before it is dropped.'),
    ping_interval: duration('15s', 'How long an answer may be silent before the client is sent a ping.')
  }),
  storage: Type.Object({
    db_path: text('./data/ccproxy.db', 'SQLite database file; its folder is made when missing.'),
    encryption_key: Type.Optional(Type.String({
      minLength: 1, secret: true, description: 'Encrypts stored API keys and session cookies; at least 32 bytes in production. Derived from the JWT secret when unset.'
    })),
    old_encryption_keys: Type.Array(Type.String({ minLength: 1 }), {
      default: [], secret: true, description: 'Earlier encryption keys (or the JWT secrets that stood for them), comma separated; at the start everything is encrypted anew with the current one.'
    })
  }),
  log: Type.Object({
    level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info', 'Least severe level that is logged.')
  })
})

/** The settings as the gateway uses them: durations in milliseconds, URLs without a trailing slash. */
export type Config = StaticDecode<typeof ConfigSchema>

/** One setting, as documentation shows it. */
export interface ConfigKey {
  env: string
  file: string
  /** As one would write it in the environment; `null` when there is none. */
  default: string | null
  description: string
  required: boolean
}

interface Setting extends ConfigKey {
  schema: TSchema
}

/** Every problem of a configuration, told at once. Holds no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: string[]

  constructor (problems: string[]) {
    super(`The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/** All settings in the order of the schema. */
export function configKeys (): ConfigKey[] {
  return settings().map(({ schema, ...key }) => key)
}

export interface LoadedConfig {
  config: Config
  warnings: string[]
  /** Where the API keys were found; the environment also when there are none. */
  keySource: 'env' | 'file'
}

/**
 * Reads the settings from `env` and, below it, from the YAML file (`./config.yaml`, or the path in `CCPROXY_CONFIG`). An empty value counts as unset.
 * @throws ConfigError with every problem found
 */
export function loadConfig (place: Place): LoadedConfig {
  const { values, problems } = readSources(place, configKeys())
  const raw: Record<string, Record<string, unknown>> = {}
  for (const { schema, file, env, required } of settings()) {
    const [section, name] = file.split('.') as [string, string]
    const found = values.get(file)
    raw[section] ??= {}
    if (found === undefined) {
      if (required) problems.push(`${env} (${file}): is required (a first start outside production makes both secrets, but never one alone); ${howToMake(env)}`)
      continue
    }
    const value = coerce(schema, found.value)
    problems.push(...complaints(schema, value).map((complaint) => `${env} (${file}), from ${found.origin}: ${complaint}.`))
    raw[section][name] = value
  }
  const secrets = secretFindings(raw, place.env['NODE_ENV'] === 'production')
  problems.push(...secrets.problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    config: Value.Decode(ConfigSchema, Value.Default(ConfigSchema, raw)),
    warnings: secrets.warnings,
    keySource: values.get('claude.api_keys')?.fromFile === true ? 'file' : 'env'
  }
}

function settings (): Setting[] {
  return Object.entries<{ properties: Record<string, TSchema>, required?: string[] }>(ConfigSchema.properties)
    .flatMap(([section, { properties, required = [] }]) => Object.entries(properties).map(([name, schema]) => ({
      env: `CCPROXY_${section}_${name}`.toUpperCase(),
      file: `${section}.${name}`,
      default: shownDefault(schema['default']),
      description: schema.description ?? '',
      required: required.includes(name) && schema['default'] === undefined,
      schema
    })))
}

/** As one would write it in the environment. */
function shownDefault (value: unknown): string | null {
  return value === undefined || typeof value === 'object' ? null : String(value) || null
}

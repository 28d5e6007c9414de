/** The settings as documents show them: the README's table and the two files of examples, all out of the schema. */
import { configKeys, ConfigSchema, type ConfigKey } from '../src/config.ts'

/** What the file of examples says beyond the description: what a value looks like there. */
const SHOWN_IN_FILE: Record<string, string[]> = {
  'claude.api_keys': ['An entry is a key, or a map:', '  - key: sk-ant-made-up-0001', '    name: team-a', '    org: research', '    workspace: default', '    weight: 2'],
  'models.aliases': ['  gpt-5: claude-sonnet-5-5']
}

export function configTable (): string {
  const rows = configKeys().map(({ env, file, default: fallback, required, description }) => {
    const value = required ? 'required' : fallback === null ? 'none' : `\`${fallback}\``
    return `| \`${env}\` | \`${file}\` | ${value} | ${description} |`
  })
  return ['| environment | file | default | |', '|---|---|---|---|', ...rows].join('\n')
}

export function envExample (): string {
  const head = [
    '# Settings of ccproxy. Copy this file to .env and remove the # before what you change; the values shown are the defaults.',
    '# Real environment variables win over .env, and both win over config.yaml. An empty value counts as unset.',
    '# Durations are written 90s, 15m, 1h30m, 720h or 30d.',
    '# CCPROXY_CONFIG=./config.yaml names the YAML file, which knows the same settings (see config.example.yaml).'
  ]
  const sections = bySection().map(([, keys]) => keys.flatMap((key) => [`# ${described(key)}`, `#${key.env}=${key.default ?? ''}`]))
  return [head, ...sections].map((lines) => `${lines.join('\n')}\n`).join('\n')
}

export function yamlExample (): string {
  const head = [
    '# Settings of ccproxy, with their defaults. Copy this file to config.yaml and keep what you change.',
    '# The environment (and .env) wins over this file. A setting without a value counts as unset.',
    '# Durations are written 90s, 15m, 1h30m, 720h or 30d.\n'
  ]
  const sections = bySection().map(([section, keys]) => `${section}:\n${keys.map(entry).join('\n')}`)
  return `${head.join('\n')}\n${sections.join('\n')}`
}

function entry (key: ConfigKey): string {
  const comments = [described(key), ...SHOWN_IN_FILE[key.file] ?? []].map((line) => `  # ${line}\n`)
  const [section, name] = key.file.split('.') as [keyof typeof ConfigSchema.properties, string]
  const schema = (ConfigSchema.properties[section].properties as Record<string, { default?: unknown }>)[name]
  const value = key.default ?? (Array.isArray(schema?.default) ? '[]' : '')
  return `${comments.join('')}  ${`${name}: ${value}`.trimEnd()}\n`
}

function described ({ description, required }: ConfigKey): string {
  return required ? `${description} Required; a first start outside production makes it.` : description
}

function bySection (): Array<[string, ConfigKey[]]> {
  return Object.entries(Object.groupBy(configKeys(), ({ file }) => file.split('.')[0]!)).map(([section, keys = []]) => [section, keys])
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import t from 'tap'
import { parse } from 'yaml'
import { configKeys, loadConfig } from '../src/config.ts'

t.test('.env.example shows every setting with its description and default', async (t) => {
  const shown = [...example('.env.example').matchAll(/^# (.*)\n#(CCPROXY_\w+)=(.*)$/gm)]
  t.same(
    shown.map(([, comment, env, value]) => ({ env, default: value || null, described: comment!.startsWith(descriptionOf(env!)) })),
    configKeys().map(({ env, default: value }) => ({ env, default: value, described: true }))
  )
})

t.test('.env.example sets nothing', async (t) => {
  t.same(Object.keys(parseEnv(example('.env.example'))), [])
})

t.test('config.example.yaml shows every setting with its description and default', async (t) => {
  const text = example('config.example.yaml')
  const shown = Object.entries(parse(text) as Record<string, object>).flatMap(([section, settings]) =>
    Object.entries(settings).map(([name, value]) => ({ file: `${section}.${name}`, default: value === null ? null : String(value) || null })))
  t.same(shown, configKeys().map(({ file, default: value }) => ({ file, default: value })))
  for (const { description } of configKeys()) t.ok(text.includes(`  # ${description}`), description)
})

t.test('config.example.yaml says the same as no file at all', async (t) => {
  const env = { CCPROXY_JWT_SECRET: 'made-up-jwt-secret', CCPROXY_ADMIN_KEY: 'made-up-admin-key' }
  const withExample = loadConfig({ env, cwd: t.testdir({ 'config.yaml': example('config.example.yaml') }) })
  t.same(withExample.config, loadConfig({ env, cwd: t.testdir({}) }).config)
})

function example (name: string): string {
  return readFileSync(join(import.meta.dirname, '..', name), 'utf8')
}

function descriptionOf (env: string): string {
  return configKeys().find((key) => key.env === env)?.description ?? 'no such setting'
}

import { join } from 'node:path'
import { withVariables } from '../env-file.ts'
import type { Client, Connection } from './client.ts'

/** The SDKs of both vendors, in every language, and what is built on them, read their address and key from the environment. */
function sdk (title: string, settings: (connection: Connection) => Record<string, string>, sample: string): Client {
  return {
    title,
    file: ({ cwd }) => join(cwd, '.env'),
    settings,
    byHand: (connection, file) => `In the environment, or in ${file} (--write does it):

${Object.entries(settings(connection)).map(([name, value]) => `${name}=${value}`).join('\n')}

Then nothing need be said in the code:

${sample}`,
    merge: (text, connection) => withVariables(text, settings(connection))
  }
}

/** Source: README of the package `openai`. */
export const openai = sdk('an OpenAI SDK', ({ url, token }) => ({ OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: token }),
  `import OpenAI from 'openai'
const client = new OpenAI()`)

/** Source: README of the package `@anthropic-ai/sdk`. */
export const anthropic = sdk('an Anthropic SDK', ({ url, token }) => ({ ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: token }),
  `import Anthropic from '@anthropic-ai/sdk'
const client = new Anthropic()`)

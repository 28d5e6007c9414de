import { createHash } from 'node:crypto'
import swagger from '@fastify/swagger'
import fp from 'fastify-plugin'
import { complete, SECURITY_SCHEMES, type OpenapiDocument } from '../routes/docs/document.ts'
import { TAGS } from '../routes/docs/operation.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The OpenAPI document as it is sent. Made when it is first asked for. */
    openapiDocument: () => { body: Buffer, etag: string }
  }
}

export interface DocumentOptions {
  version: string
  /** Where clients reach the gateway; the address that the document came from, when left out. */
  publicUrl?: string
}

const DESCRIPTION = 'A self-hosted streaming gateway in front of Claude. Clients speak Anthropic\'s Messages protocol or OpenAI\'s; ' +
  'the operator\'s routes are below `/api`. Errors that the upstream tells pass unchanged; those of the gateway come in the envelope of the route\'s protocol.'

/** Remembers the routes as they are registered, and nothing else: no hook of it runs for a request. */
export default fp<DocumentOptions>(async (app, { version, publicUrl }) => {
  await app.register(swagger, {
    convertConstToEnum: false,
    openapi: {
      openapi: '3.1.0',
      info: { title: 'ccproxy', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: publicUrl ?? '/' }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: { securitySchemes: SECURITY_SCHEMES }
    },
    transform: ({ schema, url }) => ({ schema, url: url.replace('/*', '/{path}') })
  })
  let document: { body: Buffer, etag: string } | undefined
  app.decorate('openapiDocument', () => {
    document ??= asSent(app.swagger() as unknown as OpenapiDocument)
    return document
  })
}, { name: 'ccproxy-openapi-document', fastify: '5.x' })

function asSent (document: OpenapiDocument): { body: Buffer, etag: string } {
  complete(document)
  const body = Buffer.from(JSON.stringify(document))
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` }
}

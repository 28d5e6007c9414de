import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GatewayError } from '../errors.ts'
import { readBody } from './body-reader.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's original bytes, where the scope keeps them. */
    bodyBytes: Buffer
  }
}

/**
 * Makes a scope keep the original bytes of JSON bodies beside what was parsed from them. Parsing serves validation and routing only; the
 * bytes are what is forwarded. So nothing is stripped or refused for its keys: `__proto__` in a tool's schema is the upstream's business,
 * and harmless here, since the parsed object is read and never merged.
 * @param glance tells of a body what must be known of it without parsing it, where it can; null for one that is to be parsed
 */
export function keepBodyBytes (scope: FastifyInstance, glance: (request: FastifyRequest, bytes: Buffer) => object | null = noGlance): void {
  // @ts-expect-error set by the parser below before any handler can read it
  scope.decorateRequest('bodyBytes', null)
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', (request, payload, done) => {
    readBody(request, payload, request.routeOptions.bodyLimit, (error, bytes) => {
      if (error !== null) return done(error)
      try {
        request.bodyBytes = bytes!
        checkBytes(bytes!, request.headers['content-encoding'])
        done(null, glance(request, bytes!) ?? parseJson(bytes!))
      } catch (refused) {
        done(refused as GatewayError)
      }
    })
  })
}

/** Makes a scope hand on bodies of one content type as the stream in which they come. */
export function streamBody (scope: FastifyInstance, contentType: string): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(contentType, (request, payload, done) => {
    const encoding = refusedEncoding(request.headers['content-encoding'])
    if (encoding !== null) done(encoding)
    else done(null, payload)
  })
  // Without a body there may be any type, or none.
  scope.addContentTypeParser('*', (request, _payload, done) => {
    if (request.headers['content-length'] === '0') return done(null)
    done(new GatewayError('invalid_request_error', `content-type: must be ${contentType}.`, { status: 415, code: 'invalid_content_type', param: 'content-type' }))
  })
}

function noGlance (): null {
  return null
}

function checkBytes (bytes: Buffer, encoding: string | undefined): void {
  const refused = refusedEncoding(encoding)
  if (refused !== null) throw refused
  if (bytes.length === 0) throw invalid('body', 'body: is empty; send a JSON object.')
  // The upstream would read invalid UTF-8 in its own way: front and back must not see two different requests.
  if (!isUtf8(bytes)) throw invalid('body', 'body: is not valid UTF-8.')
}

function parseJson (bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch (error) {
    // V8 quotes the text around the fault; the message must not repeat what was sent.
    throw invalid('body', `body: is not valid JSON (${(error as Error).message.replace(/, (?:\.\.\.)?".*/s, '')}).`)
  }
}

function refusedEncoding (encoding: string | undefined): GatewayError | null {
  if (encoding === undefined || encoding === 'identity') return null
  return invalid('content-encoding', `content-encoding: "${encoding.slice(0, 20)}" is not accepted; send the body uncompressed.`)
}

function invalid (param: string, message: string): GatewayError {
  return new GatewayError('invalid_request_error', message, { code: 'invalid_body', param })
}

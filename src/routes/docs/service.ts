import { forAnyone, forHolder } from './operation.ts'

/** What the document says of the routes that tell about the gateway itself. */

export const ABOUT = forAnyone({ id: 'about', summary: 'Name and version', answers: [{ example: { name: 'ccproxy', version: '0.1.0' } }] })

export const HELLO = forAnyone({ id: 'hello', summary: 'A connection ahead of time', description: 'Claude Code opens a connection with it. It has no body.', answers: [] })

export const HEALTH = forAnyone({
  id: 'health', summary: 'Alive', description: 'Answers while the gateway drains, too.', answers: [{ example: { status: 'ok' } }]
})

export const READY = forAnyone({
  id: 'ready',
  summary: 'Able to serve',
  description: '503 while the gateway drains, and when no upstream can be used; `reason` says why and what to do.',
  answers: [{ example: { status: 'ready' } }]
})

export const DOCUMENT = forAnyone({
  id: 'openapi',
  summary: 'This document',
  description: 'OpenAPI 3.1. Holds no secret; may be cached (`etag`, `cache-control`).',
  answers: [{ example: { openapi: '3.1.0', info: { title: 'ccproxy', version: '0.1.0' }, paths: {} } }]
})

export const TOKEN_INFO = forHolder({
  id: 'tokenInfo',
  summary: 'The caller\'s own token',
  answers: [{
    example: {
      id: 'a1b2c3', name: 'laptop', mode: 'both', created_at: '2026-11-24T09:00:00.000Z', expires_at: '2026-12-24T09:00:00.000Z', revoked_at: null, last_used_at: null, is_valid: true
    }
  }]
})

import { forAdmin } from './operation.ts'

/** What the document says of the operator's routes. */

const TIME = '2026-11-24T09:00:00.000Z'
const END = '2026-12-24T09:00:00.000Z'
const said = (message: string) => [{ example: { message } }]

export const GENERATE_TOKEN = forAdmin('Tokens', {
  id: 'generateToken',
  summary: 'Make a client token',
  description: 'The token is told once; only its id is stored.',
  body: { example: { name: 'laptop', expires_in: '30d', mode: 'both' } },
  answers: [{ example: { token: 'eyJhbGciOiJIUzI1NiJ9.made-up.made-up', id: 'a1b2c3', name: 'laptop', mode: 'both', expires_at: END } }],
  errors: ['invalid_field', 'request_too_large']
})
export const LIST_TOKENS = forAdmin('Tokens', {
  id: 'listTokens',
  summary: 'The tokens, newest first',
  answers: [{
    example: { tokens: [{ id: 'a1b2c3', name: 'laptop', mode: 'both', created_at: TIME, expires_at: END, revoked_at: null, last_used_at: null, is_valid: true }] }
  }]
})
export const REVOKE_TOKEN = forAdmin('Tokens', {
  id: 'revokeToken',
  summary: 'Revoke a token',
  description: 'Counts from the very next request, and ends the token\'s running answers.',
  body: { example: { id: 'a1b2c3' } },
  answers: said('token revoked successfully'),
  errors: ['invalid_field', 'token_not_found']
})

const STANDING = {
  state: 'ready',
  reason: null,
  until: null,
  consecutive_failures: 0,
  request_count: 3,
  error_count: 0,
  last_used: TIME,
  last_error: null,
  last_error_reason: null,
  tokens: { input: 36, output: 15, cache_read: 0, cache_creation: 0 },
  cache_read_share: 0
}
const KEY = { id: 'key_made_up', name: 'team-a', key: '...made-up1', organisation: 'research', workspace: 'default', weight: 1 }

export const KEY_STATS = forAdmin('Keys', {
  id: 'keyStats',
  summary: 'How each key stands',
  description: 'State, why, until when, counts, tokens and rate limits, for each key and for each model of it.',
  answers: [{
    example: {
      total_keys: 1, healthy_keys: 1, keys: [{ ...KEY, source: 'env', is_healthy: true, out_until: null, cooldowns: [], models: [], ...STANDING }], unreadable_keys: []
    }
  }]
})
export const ADD_KEY = forAdmin('Keys', {
  id: 'addKey',
  summary: 'Add a key',
  description: 'Kept encrypted in the database.',
  body: { example: { key: 'sk-ant-made-up-0001', name: 'team-a', org: 'research', workspace: 'default', weight: 1 } },
  answers: [{ example: { ...KEY, source: 'store' } }],
  errors: ['invalid_field', 'key_exists', 'request_too_large']
})
export const DELETE_KEY = forAdmin('Keys', {
  id: 'deleteKey', summary: 'Delete a key that was added', answers: said('key deleted successfully'), errors: ['key_not_found', 'key_not_deletable']
})
export const RESET_KEY = forAdmin('Keys', {
  id: 'resetKey', summary: 'Forget what is held against a key', answers: said('key reset successfully'), errors: ['key_not_found']
})
export const switchKey = (action: 'disable' | 'enable') => forAdmin('Keys', {
  id: `${action}Key`, summary: action === 'disable' ? 'Take a key out of use' : 'Take a key into use again', description: 'Kept over restarts.', answers: said(`key ${action}d successfully`), errors: ['key_not_found']
})

const ADDED = {
  id: 'session_made_up',
  name: 'mine',
  organization_id: '0a1b2c3d-0000-4000-8000-000000000001',
  organization_name: 'Mine',
  plan: 'pro',
  created_at: TIME,
  expires_at: null,
  is_active: true,
  status: 'active',
  status_reason: null,
  warning: null
}
const SESSION = {
  ...ADDED,
  last_used_at: null,
  cooldown_until: null,
  cooldowns: [],
  cookie_ends_at: END,
  running: 0,
  request_count: 0,
  error_count: 0,
  last_error: null,
  last_error_reason: null,
  limits: []
}

export const ADD_SESSION = forAdmin('Sessions', {
  id: 'addSession',
  summary: 'Add a session of claude.ai',
  description: 'Asks claude.ai about it and keeps it encrypted in the database. The cookie is never told again. Use your own account only.',
  body: { example: { name: 'mine', session_key: 'sk-ant-sid01-made-up' } },
  answers: [{ example: ADDED }],
  errors: ['invalid_field', 'session_exists', 'request_too_large']
})
export const LIST_SESSIONS = forAdmin('Sessions', { id: 'listSessions', summary: 'How each session stands', answers: [{ example: { sessions: [SESSION] } }] })
export const CHECK_SESSION = forAdmin('Sessions', {
  id: 'checkSession', summary: 'Ask claude.ai about a session', answers: [{ example: SESSION }], errors: ['session_not_found', 'session_unreadable']
})
export const DELETE_SESSION = forAdmin('Sessions', {
  id: 'deleteSession', summary: 'Delete a session', description: 'Its conversations on claude.ai are deleted first, for at most three seconds.', answers: said('session deleted successfully'), errors: ['session_not_found']
})
export const switchSession = (action: 'deactivate' | 'activate') => forAdmin('Sessions', {
  id: `${action}Session`, summary: action === 'deactivate' ? 'Take a session out of use' : 'Take a session into use again', answers: said(`session ${action}d successfully`), errors: ['session_not_found']
})
export const RESET_SESSION = forAdmin('Sessions', {
  id: 'resetSession', summary: 'Forget what rests', answers: said('session reset successfully'), errors: ['session_not_found']
})

import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { connect, type AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { ask, bearer, buildTokenApp, claimsOf, forge, HOUR, issue } from '../helpers/token-app.ts'

const REFUSED = { type: 'error', error: { type: 'authentication_error', message: /is not valid/ } }

t.test('a token made by hand as the gateway makes it is good: the attacks below fail for their own reason', async (t) => {
  const app = await buildTokenApp(t)
  const { row } = await issue(app)
  t.equal((await ask(app, bearer(forge(claimsOf(row))))).statusCode, 200)
})

/** What an attacker, or a careless client, may send in place of a token; made from a row that is good. */
const FORGERIES: Record<string, (claims: Record<string, unknown>) => string> = {
  'alg none without a signature': (claims) => forge(claims, { alg: 'none', hash: '' }),
  'alg None, which is not how it is spelt': (claims) => forge(claims, { alg: 'None', hash: '' }),
  'alg none with a signature': (claims) => forge(claims, { alg: 'none' }),
  'HS256 without a signature': (claims) => forge(claims, { hash: '' }),
  'a header without alg': (claims) => forge(claims, { header: { alg: undefined } }),
  'another secret': (claims) => forge(claims, { secret: 'another made-up secret, as long as the right one' }),
  'an empty secret': (claims) => forge(claims, { secret: '' }),
  'HS512 with the right secret': (claims) => forge(claims, { alg: 'HS512', hash: 'sha512' }),
  'HS384 with the right secret': (claims) => forge(claims, { alg: 'HS384', hash: 'sha384' }),
  'an RS256 header over an HMAC': (claims) => forge(claims, { alg: 'RS256' }),
  'an RS256 signature': rs256,
  'a key in the header': (claims) => forge(claims, { secret: 'mine', header: { jwk: { kty: 'oct', k: Buffer.from('mine').toString('base64url') } } }),
  'a critical extension that nobody knows': (claims) => forge(claims, { header: { crit: ['exp2'], exp2: 1 } }),
  'another type of token': (claims) => forge(claims, { header: { typ: 'at+jwt' } }),
  'another issuer': (claims) => forge({ ...claims, iss: 'another-gateway' }),
  'no issuer': ({ iss, ...claims }) => forge(claims),
  'no expiry': ({ exp, ...claims }) => forge(claims),
  'no id': ({ jti, ...claims }) => forge(claims),
  'no subject': ({ sub, ...claims }) => forge(claims),
  'no time of issue': ({ iat, ...claims }) => forge(claims),
  'no mode': ({ mode, ...claims }) => forge(claims),
  'an id that was never issued': (claims) => forge({ ...claims, jti: randomUUID() }),
  'an id that is no text': (claims) => forge({ ...claims, jti: ['__proto__'] }),
  'another subject than the row\'s': (claims) => forge({ ...claims, sub: 'boss' }),
  'another mode than the row\'s': (claims) => forge({ ...claims, mode: 'both' }),
  'a longer life than the row\'s': (claims) => forge({ ...claims, exp: Number(claims['exp']) + 1 }),
  'an expiry that is no number': (claims) => forge({ ...claims, exp: '9999999999' }),
  'claims that are a list': () => forge([]),
  'claims that are null': () => forge(null),
  'a payload changed after signing': (claims) => spliced(forge(claims), forge({ ...claims, mode: 'both' })),
  'a signature cut short': (claims) => forge(claims).slice(0, -4),
  'a signature with more behind it': (claims) => `${forge(claims)}AAAA`,
  'padding behind the signature': (claims) => `${forge(claims)}=`,
  'white space inside': (claims) => forge(claims).replace('.', '. '),
  'two parts': (claims) => forge(claims).split('.', 2).join('.'),
  'five parts': (claims) => `${forge(claims)}.a.b`,
  'dots alone': () => '..',
  'a word': () => 'opensesame',
  'a NUL byte': (claims) => `${forge(claims)}\0`,
  'odd bytes': () => '\u0001\u0080\u00ff.\u00fe.\u007f',
  'two tokens': (claims) => `${forge(claims)}, ${forge(claims)}`
}

for (const [what, make] of Object.entries(FORGERIES)) {
  t.test(`refused: ${what}`, async (t) => {
    const app = await buildTokenApp(t)
    const { row } = await issue(app, { mode: 'api' })
    const answer = await ask(app, bearer(make(claimsOf(row))))
    t.equal(answer.statusCode, 401)
    t.match(answer.json(), REFUSED)
  })
}

t.test('refused: the right signature with the id of another\'s token', async (t) => {
  const app = await buildTokenApp(t)
  const mine = await issue(app, { name: 'mine', mode: 'api' })
  const theirs = await issue(app, { name: 'theirs' })
  t.match((await ask(app, bearer(forge({ ...claimsOf(mine.row), jti: theirs.row.id })))).json(), REFUSED)
})

t.test('refused: a token of a gateway with another secret', async (t) => {
  const theirs = await buildTokenApp(t, { secret: 'the made-up secret of another gateway altogether' })
  const { token } = await issue(theirs)
  t.match((await ask(await buildTokenApp(t), bearer(token))).json(), REFUSED)
})

t.test('refused: a token that is not good yet', async (t) => {
  const app = await buildTokenApp(t)
  const { row } = await issue(app)
  t.equal((await ask(app, bearer(forge({ ...claimsOf(row), nbf: Math.floor(Date.now() / 1_000) + 600 })))).statusCode, 401)
})

t.test('refused: a revoked token', async (t) => {
  const app = await buildTokenApp(t)
  const { row, token } = await issue(app)
  await app.tokens.revoke(row.id)
  t.equal((await ask(app, bearer(token))).statusCode, 401)
})

t.test('refused: an expired token', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app, { life: -HOUR })
  t.equal((await ask(app, bearer(token))).statusCode, 401)
})

t.test('refused: an expired token whose expiry was moved', async (t) => {
  const app = await buildTokenApp(t)
  const { row } = await issue(app, { life: -HOUR })
  t.match((await ask(app, bearer(forge({ ...claimsOf(row), exp: Math.floor(Date.now() / 1_000) + 600 })))).json(), REFUSED)
})

t.test('who cannot sign does not learn that a token has expired', async (t) => {
  const app = await buildTokenApp(t)
  const { row } = await issue(app, { life: -HOUR })
  t.match((await ask(app, bearer(forge(claimsOf(row), { secret: 'guessed' })))).json(), REFUSED)
})

t.test('who cannot sign does not learn that a token was revoked', async (t) => {
  const app = await buildTokenApp(t)
  const { row } = await issue(app)
  await app.tokens.revoke(row.id)
  t.match((await ask(app, bearer(forge(claimsOf(row), { secret: 'guessed' })))).json(), REFUSED)
})

t.test('refused: the scheme Basic', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app)
  t.equal((await ask(app, { authorization: `Basic ${Buffer.from(`user:${token}`).toString('base64')}` })).statusCode, 401)
})

t.test('refused: a bare token in Authorization', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app)
  t.equal((await ask(app, { authorization: token })).statusCode, 401)
})

t.test('refused: a token in a cookie', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app)
  t.equal((await ask(app, { cookie: `token=${token}` })).statusCode, 401)
})

for (const name of ['token', 'access_token', 'api_key', 'x-api-key', 'admin_key', 'TOKEN', 'Access_Token', 'x%2Dapi%2Dkey']) {
  t.test(`refused: ${name} in the query string, beside a good header`, async (t) => {
    const app = await buildTokenApp(t)
    const { token } = await issue(app)
    const answer = await app.inject({ url: `/guarded?beta=true&${name}=${token}`, headers: bearer(token) })
    t.equal(answer.statusCode, 401)
    t.match(answer.json(), { error: { type: 'authentication_error', message: /URLs end up in logs/ } })
  })
}

t.test('a refused query string is not repeated to the client', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app)
  const answer = await app.inject({ url: `/guarded?token=${token}` })
  t.notOk(answer.body.includes(token))
})

t.test('another query string is no credential', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app)
  t.equal((await app.inject({ url: '/guarded?beta=true&tokens=5', headers: bearer(token) })).statusCode, 200)
})

t.test('a refusal repeats nothing of the token', async (t) => {
  const app = await buildTokenApp(t)
  const { row } = await issue(app)
  const forged = forge(claimsOf(row), { secret: 'guessed' })
  const { body } = await ask(app, bearer(forged))
  for (const part of forged.split('.')) t.notOk(body.includes(part))
})

t.test('a token as long as a header may be is refused like any other', async (t) => {
  const app = await buildTokenApp(t)
  t.match(await overTheWire(app, `authorization: Bearer ${'a'.repeat(15_000)}`), /^HTTP\/1\.1 401 /)
})

t.test('a header larger than the server reads is 431', async (t) => {
  const app = await buildTokenApp(t)
  t.match(await overTheWire(app, `authorization: Bearer ${'a'.repeat(20_000)}`), /^HTTP\/1\.1 431 /)
})

t.test('a NUL byte in a header is refused by the HTTP parser', async (t) => {
  const app = await buildTokenApp(t)
  t.match(await overTheWire(app, 'authorization: Bearer a\0b'), /^HTTP\/1\.1 400 /)
})

t.test('of two Authorization headers a good second one is not picked out', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app)
  t.match(await overTheWire(app, `authorization: Bearer guess\r\nauthorization: Bearer ${token}`), /^HTTP\/1\.1 40[01] /)
})

/** Sends one request as raw bytes. @returns everything the server answered before it closed the connection */
async function overTheWire (app: FastifyInstance, header: string): Promise<string> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.end(`GET /guarded HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n${header}\r\n\r\n`)
  let answer = ''
  for await (const chunk of socket.setEncoding('latin1')) answer += chunk
  return answer
}

/** The header and the signature of one token around the claims of another. */
function spliced (token: string, other: string): string {
  const [header, , signature] = token.split('.')
  return [header, other.split('.')[1], signature].join('.')
}

function rs256 (claims: unknown): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const input = forge(claims, { alg: 'RS256', hash: '' }).slice(0, -1)
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
}

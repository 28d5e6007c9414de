import t from 'tap'
import fc from 'fast-check'
import { boxSecrets, createSecretBox, SecretBoxError } from '../../src/plugins/secret-box.ts'

const secret = (jwtSecret: string, encryptionKey?: string) => boxSecrets({ jwtSecret, encryptionKey }).current
const box = createSecretBox(secret('made-up-secret'))

t.test('what is sealed opens again in its own row, whatever it is', async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, identity) => box.open(box.seal(text, identity), identity) === text))
})

t.test('a sealed text tells its version and its key, and nothing of what it holds', async (t) => {
  const sealed = box.seal('sk-ant-made-up', 'a')
  t.match(sealed, /^v1\.[\da-f]{8}(\.[\w-]+){3}$/)
  t.notMatch(Buffer.from(sealed.split('.').at(-1)!, 'base64url').toString('latin1'), /sk-ant/)
  t.not(sealed, box.seal('sk-ant-made-up', 'a'), 'no two are alike')
})

t.test('moved to another row it does not open', async (t) => {
  t.throws(() => box.open(box.seal('text', 'api_keys:a'), 'api_keys:b'), new SecretBoxError('it was changed, or moved from another row'))
})

t.test('changed at any place it does not open', async (t) => {
  const sealed = box.seal('text', 'a')
  for (let at = 0; at < sealed.length; at++) {
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
    // The last character of a base64url part may carry bits that mean nothing.
    const same = changed.split('.').slice(2).every((part, i) => Buffer.from(part, 'base64url').equals(Buffer.from(sealed.split('.').slice(2)[i]!, 'base64url')))
    if (same && changed.split('.').length === 5 && changed.startsWith(sealed.slice(0, 11))) continue
    t.throws(() => box.open(changed, 'a'), SecretBoxError, `byte ${at}`)
  }
})

for (const sealed of ['', 'text', 'v2.00000000.AA.AA.AA', 'v1', 'v1....', 'v1.00000000.AA.AA.AA', `${box.seal('text', 'a')}.more`]) {
  t.test(`"${sealed.slice(0, 24)}" fails closed`, async (t) => {
    t.throws(() => box.open(sealed, 'a'), SecretBoxError)
  })
}

t.test('a shortened tag is not accepted', async (t) => {
  const parts = box.seal('text', 'a').split('.')
  parts[3] = Buffer.from(parts[3]!, 'base64url').subarray(0, 4).toString('base64url')
  t.throws(() => box.open(parts.join('.'), 'a'), SecretBoxError)
})

t.test('another key is told from damage', async (t) => {
  t.throws(() => createSecretBox(secret('another-secret')).open(box.seal('text', 'a'), 'a'), new SecretBoxError('it was encrypted with another key'))
})

t.test('an older key still opens, and seals no more', async (t) => {
  const renewed = createSecretBox(secret('new'), [secret('made-up-secret')])
  t.equal(renewed.open(box.seal('text', 'a'), 'a'), 'text')
  t.throws(() => box.open(renewed.seal('text', 'a'), 'a'), SecretBoxError)
})

t.test('the encryption key wins over the JWT secret, and equal texts for both do not make equal keys', async (t) => {
  t.same(secret('jwt', 'own'), secret('other', 'own'))
  t.notSame(secret('same'), secret('jwt', 'same'))
})

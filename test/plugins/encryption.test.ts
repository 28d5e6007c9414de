import t, { type Test } from 'tap'
import { createDatabase } from '../../src/plugins/database/index.ts'
import { sealAnew, sealIdentity } from '../../src/plugins/encryption.ts'
import { boxSecrets, createSecretBox } from '../../src/plugins/secret-box.ts'
import { sessionRow } from '../helpers/web.ts'

const KEY = 'sk-ant-made-up-key-to-seal'
const COOKIE = 'sk-ant-sid01-made-up-cookie-to-seal'
const JWT = 'made-up-jwt-secret'

function box (encryptionKey?: string, oldEncryptionKeys: string[] = [], jwtSecret = JWT) {
  const { current, older } = boxSecrets({ encryptionKey, oldEncryptionKeys, jwtSecret })
  return createSecretBox(current, older)
}

async function sealed (t: Test, sealing: ReturnType<typeof box>) {
  const { db, close } = await createDatabase({ path: ':memory:' })
  t.teardown(close)
  await db.insertInto('api_keys').values({
    id: 'k', name: 'k', org: null, workspace: null, weight: 1, secret: sealing.seal(KEY, sealIdentity('api_keys', 'k')), created_at: 1
  }).execute()
  const seal = (text: string) => sealing.seal(text, sealIdentity('sessions', 's'))
  await db.insertInto('sessions').values({ ...sessionRow('s'), secret: seal(COOKIE), previous_secret: seal(`${COOKIE}-before`) }).execute()
  return db
}

async function opened (db: Awaited<ReturnType<typeof sealed>>, with_: ReturnType<typeof box>) {
  const { secret: key } = await db.selectFrom('api_keys').select('secret').executeTakeFirstOrThrow()
  const { secret, previous_secret: previous } = await db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
  return [with_.open(key, 'api_keys:k'), with_.open(secret, 'sessions:s'), with_.open(previous!, 'sessions:s')]
}

const ALL = [KEY, COOKIE, `${COOKIE}-before`]

t.test('what an old key sealed is sealed anew, and then the old key is needed no more', async (t) => {
  const db = await sealed(t, box('the-old-one'))
  t.equal(await sealAnew(db, box('the-new-one', ['the-old-one'])), 3)
  t.same(await opened(db, box('the-new-one')), ALL)
  t.equal(await sealAnew(db, box('the-new-one', ['the-old-one'])), 0, 'nothing is left to do')
})

t.test('an encryption key that is set for the first time takes over from the JWT secret', async (t) => {
  const db = await sealed(t, box())
  t.equal(await sealAnew(db, box('the-first-one')), 3)
  t.same(await opened(db, box('the-first-one', [], 'another-jwt-secret')), ALL)
})

t.test('a JWT secret that stood for the key can be changed, when the old one is named', async (t) => {
  const db = await sealed(t, box())
  t.equal(await sealAnew(db, box(undefined, [JWT], 'another-jwt-secret')), 3)
  t.same(await opened(db, box(undefined, [], 'another-jwt-secret')), ALL)
})

t.test('what no key opens stays as it is', async (t) => {
  const db = await sealed(t, box('forgotten'))
  t.equal(await sealAnew(db, box('the-new-one')), 0)
  t.same(await opened(db, box('forgotten')), ALL)
})

t.test('a text that was moved to another row or table opens nowhere', async (t) => {
  const cookie = box().seal(COOKIE, sealIdentity('sessions', 's'))
  t.throws(() => box().open(cookie, sealIdentity('sessions', 'other')), /moved/)
  t.throws(() => box().open(cookie, sealIdentity('api_keys', 's')), /moved/)
})

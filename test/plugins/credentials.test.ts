import t from 'tap'
import { clientTokenOf } from '../../src/plugins/credentials.ts'

t.test('reads the token of Authorization: Bearer', async (t) => {
  t.equal(clientTokenOf({ authorization: 'Bearer abc' }), 'abc')
})

t.test('reads the token of x-api-key', async (t) => {
  t.equal(clientTokenOf({ 'x-api-key': 'abc' }), 'abc')
})

t.test('takes no bare token from Authorization', async (t) => {
  t.equal(clientTokenOf({ authorization: 'abc.def.ghi' }), '')
})

t.test('takes no token of another scheme', async (t) => {
  t.equal(clientTokenOf({ authorization: 'Basic abc' }), '')
})

t.test('does not take a word that begins like the scheme', async (t) => {
  t.equal(clientTokenOf({ authorization: 'Bearerabc' }), '')
})

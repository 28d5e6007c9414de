import t from 'tap'
import { ask, testAnswers } from './helpers/sdk-answers.ts'
import { testAborts, testErrors } from './helpers/sdk-errors.ts'
import { connect, loadSdk } from './helpers/sdk.ts'
import { startWorld } from './helpers/world.ts'

const Anthropic = await loadSdk('anthropic-sdk-0')

t.test('the token is taken from x-api-key', async (t) => {
  const { url, token, arrived } = await startWorld(t)
  await connect(Anthropic, url, token).messages.create(ask('say hi'))
  t.match(arrived, [{ 'x-api-key': token, authorization: undefined, 'anthropic-version': '2023-06-01' }])
})

testAnswers(t, Anthropic)
testErrors(t, Anthropic, [
  { fault: '400', status: 400, type: 'invalid_request_error', class: 'BadRequestError' },
  { fault: '403', status: 403, type: 'permission_error', class: 'PermissionDeniedError' },
  { fault: '404', status: 404, type: 'not_found_error', class: 'NotFoundError' },
  { fault: '413', status: 413, type: 'request_too_large', class: 'APIError' },
  { fault: '429', status: 429, type: 'rate_limit_error', class: 'RateLimitError' },
  { fault: '500', status: 500, type: 'api_error', class: 'InternalServerError' },
  { fault: '529', status: 529, type: 'overloaded_error', class: 'InternalServerError' }
])
testAborts(t, Anthropic)

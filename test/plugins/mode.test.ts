import t from 'tap'
import { resolveMode, type Mode, type ModeLimit } from '../../src/plugins/mode.ts'

function resolve (server: ModeLimit, token: ModeLimit, choice?: string, fallback: Mode = 'api'): string {
  try {
    return resolveMode({ server, token, choice, fallback })
  } catch (error) {
    return `${(error as { status: number }).status}`
  }
}

t.test('without a choice, the narrower limit decides, then the fallback', async (t) => {
  t.equal(resolve('both', 'both'), 'api')
  t.equal(resolve('both', 'both', undefined, 'web'), 'web')
  t.equal(resolve('web', 'both'), 'web')
  t.equal(resolve('both', 'web'), 'web')
  t.equal(resolve('api', 'api'), 'api')
})

t.test('a choice within the limits is followed', async (t) => {
  t.equal(resolve('both', 'both', 'web'), 'web')
  t.equal(resolve('api', 'both', 'api'), 'api')
  t.equal(resolve('both', 'web', ' WEB '), 'web')
})

t.test('a choice outside the limits is 403, never ignored', async (t) => {
  t.equal(resolve('api', 'both', 'web'), '403')
  t.equal(resolve('both', 'api', 'web'), '403')
  t.equal(resolve('web', 'web', 'api'), '403')
})

t.test('limits that exclude each other are 403', async (t) => {
  t.equal(resolve('api', 'web'), '403')
  t.equal(resolve('web', 'api'), '403')
})

t.test('a choice that is no mode is 400', async (t) => {
  for (const choice of ['', 'both', 'api,web', 'true']) t.equal(resolve('both', 'both', choice), '400', choice)
})

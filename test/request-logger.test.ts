import t from 'tap'
import { pino } from 'pino'
import { makeLoggersLazily, RequestLogger } from '../src/request-logger.ts'

t.test('lines carry what the request is bound to, and what a child adds', async (t) => {
  const lines: string[] = []
  const parent = pino({ level: 'info', base: null, timestamp: false }, { write: (line: string) => { lines.push(line) } })
  const log = new RequestLogger(parent, { reqId: 'req_1' }, {})
  log.info({ a: 1 }, 'told %s', 'well')
  log.debug('not told')
  log.child({ b: 2 }).warn('told')
  for (const level of ['fatal', 'error', 'warn', 'silent', 'trace'] as const) log[level](level)
  t.same(lines.map((line) => JSON.parse(line)), [
    { level: 30, reqId: 'req_1', a: 1, msg: 'told well' }, { level: 40, reqId: 'req_1', b: 2, msg: 'told' },
    { level: 60, reqId: 'req_1', msg: 'fatal' }, { level: 50, reqId: 'req_1', msg: 'error' }, { level: 40, reqId: 'req_1', msg: 'warn' }
  ])
  t.equal(log.level, 'info')
  log.level = 'debug'
  log.debug('told now')
  t.equal(lines.length, 6)
})

t.test('a request that logs nothing makes no child', async (t) => {
  let children = 0
  const parent = pino({ level: 'info', onChild: () => { children++ } }, { write () {} })
  const log = new RequestLogger(parent, { reqId: 'req_1' }, {})
  t.equal(children, 0)
  log.info('a line')
  log.info('another')
  t.equal(children, 1)
})

t.test('children of children add to what their parents say', async (t) => {
  const lines: string[] = []
  const log = pino({ level: 'info', base: null, timestamp: false }, { write: (line: string) => { lines.push(line) } })
  makeLoggersLazily(log)
  const request = log.child({ reqId: 'req_1' })
  t.type(request, RequestLogger)
  request.child({ a: 1 }).child({ b: 2 }).info('told')
  request.info('told too')
  log.info('and this')
  t.same(lines.map((line) => JSON.parse(line)), [
    { level: 30, reqId: 'req_1', a: 1, b: 2, msg: 'told' }, { level: 30, reqId: 'req_1', msg: 'told too' }, { level: 30, msg: 'and this' }
  ])
})

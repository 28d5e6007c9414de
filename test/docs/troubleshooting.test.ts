import { readFileSync } from 'node:fs'
import t from 'tap'
import { errorCodes } from './error-codes.ts'

const text = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8')
const listed = [...text.slice(text.indexOf('## Codes of the gateway')).matchAll(/^\| `([\w*]+)` \|/gm)].map(([, code]) => code!)

t.test('every code of the gateway is listed, and no other', async (t) => {
  const codes = [...errorCodes()]
  t.ok(codes.length > 60)
  t.same([...listed].sort(), codes.sort())
})

t.test('no code is listed twice', async (t) => {
  t.equal(new Set(listed).size, listed.length)
})

t.test('every row says why and what to do', async (t) => {
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| code') && !line.startsWith('| what you see'))
  t.ok(rows.length > 90)
  for (const row of rows) t.notOk(row.split('|').slice(1, -1).some((cell) => cell.trim() === ''), row)
})

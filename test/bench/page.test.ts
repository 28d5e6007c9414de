import t from 'tap'
import type { Measured } from '../../bench/compare.ts'
import { goalsText } from '../../bench/peers/goals.ts'
import { page, picture } from '../../bench/peers/page.ts'
import { forProgram, type Results } from '../../bench/peers/results.ts'

const measured = (name: string, cpu: number, latency: number): Measured => ({
  name,
  cpu: [cpu, cpu],
  rate: [100, 100],
  closed: { firstByte: [latency], total: [latency] },
  paced: { firstByte: [latency], total: [latency] },
  loop: null,
  rss: 1
})
const sample = (cpuPerEvent: number) => ({ cpuPerEvent, delays: [1], share: 1, rssPerStream: 30 * 1_024 })

const results: Results = {
  about: { command: 'npm run bench:peers', date: '2026-01-01T00:00:00.000Z', machine: 'made-up machine', node: 'v26.0.0', loadBefore: 0 },
  versions: { nginx: '1.2.3', ccproxy: '0.1.0' },
  settings: { nginx: 'made-up setting' },
  requests: {
    small: {
      title: 'small request',
      rounds: 2,
      rate: 400,
      measured: [measured('direct', 20, 1), measured('nginx', 50, 2), measured('bare Node proxy', 100, 3), measured('Fastify and undici alone', 104, 3), measured('ccproxy', 105, 3)],
      absent: { Portkey: 'answers 500' }
    }
  },
  streams: { streams: 3_000, most: 4_000, samples: { nginx: [sample(20)], 'bare Node proxy': [sample(40)], ccproxy: [sample(32)] }, absent: {} },
  own: {}
}

t.test('command, machine, date and versions stand beside the figures', async (t) => {
  const text = page(results)
  for (const part of ['`npm run bench:peers`', 'made-up machine', '2026-01-01', 'v26.0.0', '| nginx | 1.2.3 | made-up setting |']) t.match(text, part)
})

t.test('who answers errors is shown as such, in the table and in the picture', async (t) => {
  t.match(page(results), '| Portkey | answers 500 |')
  t.match(picture(results), '>answers 500<')
})

t.test('costs are told as multiples of those of nginx and of the bare proxy', async (t) => {
  t.match(page(results), /\| ccproxy \| 105 \(105–105\) \| \*\*2\.10\*\*.*\| \*\*1\.05\*\*/)
})

t.test('a goal is kept, missed, or not measured', async (t) => {
  const lines = goalsText(results).split('\n')
  const row = (title: string) => lines.find((line) => line.startsWith(`| ${title}`)) ?? ''
  t.match(row('small request ÷ bare Node proxy'), '| 1.05 | kept |')
  t.match(row('small request: Portkey ÷ ccproxy'), '| – | not measured, or lost in noise |')
  t.match(row('paced event, 3000 streams ÷ bare Node proxy'), '| 0.80 | **missed** |')
  t.match(row('added latency of a small request, p50 ÷ bare Node proxy'), '| 1.00 | kept |')
})

t.test('beside a goal stands what its foundation reaches', async (t) => {
  const row = goalsText(results).split('\n').find((line) => line.startsWith('| small request ÷ bare Node proxy'))
  t.match(row, '| 1.05 | kept | 1.04 |')
})

t.test('a goal is not kept by noise: who adds less than nothing has no ratio', async (t) => {
  const noisy = structuredClone(results)
  for (const one of noisy.requests.small!.measured) one.paced.total = one.name === 'direct' ? [9] : one.paced.total
  t.match(goalsText(noisy).split('\n').find((line) => line.startsWith('| added latency of a small request, p99 ÷ bare')), '| – | not measured, or lost in noise |')
})

t.test('the form for programs is JSON that holds every cost', async (t) => {
  const read = JSON.parse(JSON.stringify(forProgram(results)))
  t.strictSame(read.requests.small.measured[4].cpu, [105, 105])
  t.strictSame(read.requests.small.absent, { Portkey: 'answers 500' })
  t.strictSame(read.streams.samples.nginx[0].delayMs, { p50: 1, p90: 1, p99: 1 })
})

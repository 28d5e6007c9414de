import type { CaseName } from '../cases.ts'
import { chart, type Panel } from '../chart.ts'
import { circumstancesText, figure, quantiles, ratioText, rounds, short, table } from '../report.ts'
import { median, ratioOf } from '../statistics.ts'
import { BARE, DIRECT, FIELD, OURS, type Absent } from './field.ts'
import { goalsText } from './goals.ts'
import type { RequestResult } from './requests.ts'
import { eventCosts, requestCosts, type Costs, type Results } from './results.ts'
import type { StreamResult } from './streams.ts'

/** What all costs are divided by. */
const FLOOR = 'nginx'

/** The results as a page of Markdown. */
export function page (results: Results): string {
  const { about, versions, settings, requests, streams, own } = results
  return [
    '# Beside other gateways', '',
    circumstancesText(about), '',
    'Written by the command above. Processor time is by the kernel\'s accounts, user and system, of all processes of a program; read ratios, within a table. ' +
    'Nothing is switched off in ccproxy: tokens, validation, key pool, accounts of tokens and a log line for each request are on. How it is measured: `bench/README.md`.', '',
    '![Processor time beside nginx](latest.svg)', '',
    '## Goals', '', goalsText(results), '',
    ...Object.values(requests).flatMap((result) => ['## ' + capital(result.title), '', requestText(result), '']),
    `## Paced streams, ${figure(streams.streams)} open`, '', streamText(streams), '',
    ...Object.values(own).flatMap(({ title, text }) => [`## ${title}`, '', text, '']),
    '## Who took part', '',
    table(['program', 'version', 'set up as'], Object.entries(versions).map(([name, version]) => [name, version, settings[name] ?? ''])), ''
  ].join('\n')
}

/** The same as a picture. */
export function picture (results: Results): string {
  const { about, requests, streams } = results
  const panel = (title: string, costs: Costs, absent: Absent): Panel => ({
    title,
    unit: 'µs',
    bars: FIELD.map((name) => ({ name, value: median(costs(name) ?? []), note: absent[name], ours: name === OURS }))
  })
  return chart('Processor time beside nginx', [
    'One logarithmic scale for all bars; shorter is better', `${about.command} · ${about.date.slice(0, 10)} · ${about.machine} · Node ${about.node}`
  ], [
    ...(Object.entries(requests) as Array<[CaseName, RequestResult]>).map(([name, { title, absent }]) => (
      panel(`${capital(title)}, per request`, requestCosts(results, name), absent)
    )),
    panel(`Paced streams, ${figure(streams.streams)} open, per event`, eventCosts(results), streams.absent)
  ])
}

function requestText ({ measured, absent, rate, rounds: count }: RequestResult): string {
  const [direct, floor, bare] = [DIRECT, FLOOR, BARE].map((name) => measured.find((one) => one.name === name))
  const head = ['', 'CPU µs per request', `÷ ${FLOOR}`, `÷ ${BARE}`, 'requests/s', 'first byte', 'whole', 'added', 'added, as fast as answered']
  const rows = measured.filter(({ name }) => name !== DIRECT).map((one) => [
    one.name, rounds(one.cpu), ratio(one.cpu, floor?.cpu), ratio(one.cpu, bare?.cpu), figure(median(one.rate)),
    quantiles(one.paced.firstByte), quantiles(one.paced.total),
    quantiles(one.paced.total, direct?.paced.total), quantiles(one.closed.total, direct?.closed.total)
  ])
  return `${count} rounds in turns: median (least–most). Latency over 16 connections at ${rate} requests/s, in ms, p50 / p90 / p99; *added* is beside a direct answer at the same load.\n\n` +
    table(head, [...rows, ...absentRows(absent, head.length)])
}

function streamText ({ samples, absent, most }: StreamResult): string {
  const costs = (name: string) => samples[name]?.map(({ cpuPerEvent }) => cpuPerEvent)
  const head = ['', 'CPU µs per event', `÷ ${FLOOR}`, `÷ ${BARE}`, 'delay ms', 'events in time', `memory per stream at ${figure(most)}, KB`]
  const rows = Object.entries(samples).map(([name, found]) => [
    name, rounds(costs(name)!), ratio(costs(name)!, costs(FLOOR)), ratio(costs(name)!, costs(BARE)),
    quantiles(found.flatMap(({ delays }) => delays)), `${figure(100 * median(found.map(({ share }) => share)))} %`,
    rounds(found.map(({ rssPerStream }) => rssPerStream / 1_024))
  ])
  return 'Two events a second each, on fresh processes in turns. Delay is from the upstream\'s writing to the client\'s reading, p50 / p90 / p99.\n\n' +
    table(head, [...rows, ...absentRows(absent, head.length)])
}

function absentRows (absent: Absent, columns: number): string[][] {
  return Object.entries(absent).map(([name, reason]) => [name, reason.replaceAll('\n', ' '), ...Array.from({ length: columns - 2 }, () => '–')])
}

function ratio (values: number[], base: number[] | undefined): string {
  if (base === undefined) return '–'
  return values === base ? '1' : values.length === base.length ? ratioText(ratioOf(values, base)) : short(median(values) / median(base))
}

function capital (title: string): string {
  return title.charAt(0).toUpperCase() + title.slice(1)
}

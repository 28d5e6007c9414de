import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Profiler } from 'node:inspector'
import type { ProcessUsage, Question } from './targets/probe.ts'

/** Something that a child told unasked. `at` is in microseconds of the clock that all processes share. */
export interface Report {
  text: string
  at?: number
}

type FromChild = { ready: { port: number, token?: string } } | { id: number, answer: unknown } | { report: Report }

/** A server in a process of its own, on a free port of the loopback address. */
export interface Child {
  origin: string
  /** The token it wants to see; empty when it wants none. */
  token: string
  usage (): Promise<ProcessUsage>
  profileStart (): Promise<void>
  profileStop (): Promise<Profiler.Profile>
  /** The next thing that the child tells with this text. Ask before what makes it tell. */
  nextReport (text: string): Promise<Report>
  stop (): Promise<void>
}

/** The three servers that are compared, and the folder that they may write to. */
export interface Bed extends AsyncDisposable {
  upstream: Child
  start (name: 'proxy' | 'gateway'): Promise<Child>
}

/**
 * Starts an upstream and makes ready to start what stands before it. Everything ends, and the folder goes, when the bed is disposed of.
 * @param connections how many upstream requests each may have open at once
 */
export async function makeBed (upstreamName: string, connections: number): Promise<Bed> {
  const folder = mkdtempSync(join(tmpdir(), 'ccproxy-bench-'))
  const children: Child[] = []
  async function start (name: string, args: string[]): Promise<Child> {
    const own = join(folder, String(children.length))
    mkdirSync(own)
    const child = await startChild(name, [...args, own], join(own, 'log'))
    children.push(child)
    return child
  }
  const upstream = await start(upstreamName, [])
  return {
    upstream,
    start: (name) => start(name, [upstream.origin, String(connections)]),
    async [Symbol.asyncDispose] () {
      await Promise.all(children.map((child) => child.stop()))
      rmSync(folder, { recursive: true })
    }
  }
}

async function startChild (name: string, args: string[], logFile: string): Promise<Child> {
  const log = openSync(logFile, 'a')
  const child = fork(new URL(`targets/${name}.ts`, import.meta.url), args, {
    stdio: ['ignore', log, 'inherit', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, NODE_ENV: 'production' }
  })
  closeSync(log)
  const exit = once(child, 'exit')
  const ready = await Promise.race([messageOf(child, (message) => 'ready' in message ? message.ready : undefined), exit.then(() => null)])
  if (ready === null) throw new Error(`the ${name} did not start`)
  let questions = 0

  function ask<Answer> (question: Question['name']): Promise<Answer> {
    const id = ++questions
    const answer = messageOf(child, (message) => 'id' in message && message.id === id ? message : undefined)
    child.send({ id, name: question })
    return answer.then((message) => message.answer as Answer)
  }

  return {
    origin: `http://127.0.0.1:${ready.port}`,
    token: ready.token ?? '',
    usage: () => ask('usage'),
    profileStart: () => ask('profileStart'),
    profileStop: () => ask('profileStop'),
    nextReport: (text) => messageOf(child, (message) => 'report' in message && message.report.text === text ? message.report : undefined),
    async stop () {
      if (child.connected) child.disconnect()
      await exit
    }
  }
}

/** The first message of a child from which `pick` picks something. */
function messageOf<Picked> (child: ChildProcess, pick: (message: FromChild) => Picked | undefined): Promise<Picked> {
  return new Promise((resolve) => {
    child.on('message', function listen (message) {
      const picked = pick(message as FromChild)
      if (picked === undefined) return
      child.off('message', listen)
      resolve(picked)
    })
  })
}

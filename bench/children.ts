import { fork, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HeapProfiler, Profiler } from 'node:inspector'
import { NONCE_VARIABLE } from './cases.ts'
import type { LoopDelay, ProcessUsage, Question } from './targets/probe.ts'

/** The checkout that this file belongs to. */
const HERE = join(import.meta.dirname, '..')

/** Something that a child told unasked. `at` is in microseconds of the clock that all processes share. */
export interface Report {
  text: string
  at?: number
}

type FromChild = { ready: { port: number, token?: string, protocol?: string } } | { id: number, answer: unknown } | { report: Report }

/** A server in a process of its own, on a free port of the loopback address. */
export interface Child {
  origin: string
  /** The token it wants to see; empty when it wants none. */
  token: string
  pid: number
  usage (): Promise<ProcessUsage>
  /** Begins to watch how long its event loop is held up. */
  loopStart (): Promise<void>
  /** Ends it. */
  loopStop (): Promise<LoopDelay>
  /** Requests that are open there; of an upstream. */
  open (): Promise<number>
  profileStart (): Promise<void>
  profileStop (): Promise<Profiler.Profile>
  /** Begins to sample what is allocated, and by whom. */
  heapStart (): Promise<void>
  heapStop (): Promise<HeapProfiler.SamplingHeapProfile>
  /** The next thing that the child tells with this text. Ask before what makes it tell. */
  nextReport (text: string): Promise<Report>
  stop (): Promise<void>
}

/** The servers of a run, and the folder that they may write to. */
export interface Bed extends AsyncDisposable {
  upstream: Child
  /** A text that only the upstream of this run knows, always of the same length. */
  nonce: string
  /** How many upstream requests each of those before it may have open at once. */
  connections: number
  /** An empty folder for a server that is no child of ours; it goes with the bed. */
  folder (): string
  /** @param checkout where the program comes from; this one when left out */
  start (name: 'proxy' | 'foundation' | 'gateway' | 'web-gateway', checkout?: string): Promise<Child>
}

export interface BedOptions {
  /** Default: what it takes at full load, 256. */
  connections?: number
  /** Beside our own environment, for all servers of the run. */
  env?: Record<string, string>
}

/** Starts an upstream and makes ready to start what stands before it. Everything ends, and the folder goes, when the bed is disposed of. */
export async function makeBed (upstreamName: string, { connections = 256, env = {} }: BedOptions = {}): Promise<Bed> {
  const root = mkdtempSync(join(tmpdir(), 'ccproxy-bench-'))
  const nonce = `nonce-${randomBytes(8).toString('hex')}`
  const children: Child[] = []
  let folders = 0
  function folder (): string {
    const path = join(root, String(folders++))
    mkdirSync(path)
    return path
  }
  async function start (name: string, args: string[], checkout = HERE): Promise<Child> {
    const own = folder()
    const child = await startChild(join(checkout, 'bench/targets', `${name}.ts`), [...args, own], join(own, 'log'), { ...env, [NONCE_VARIABLE]: nonce })
    children.push(child)
    return child
  }
  const end = async () => {
    await Promise.all(children.map((child) => child.stop()))
    rmSync(root, { recursive: true })
  }
  const upstream = await start(upstreamName, []).catch((error) => end().then(() => { throw error }))
  return {
    upstream,
    nonce,
    connections,
    folder,
    start: (name, checkout) => start(name, [upstream.origin, String(connections)], checkout),
    [Symbol.asyncDispose]: end
  }
}

async function startChild (program: string, args: string[], logFile: string, env: Record<string, string>): Promise<Child> {
  const log = openSync(logFile, 'a')
  const child = fork(program, args, {
    stdio: ['ignore', log, 'inherit', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, ...env, NODE_ENV: 'production' }
  })
  closeSync(log)
  const exit = once(child, 'exit')
  const ready = await Promise.race([messageOf(child, (message) => 'ready' in message ? message.ready : undefined), exit.then(() => null)])
  if (ready === null) throw new Error(`${program} did not start`)
  let questions = 0

  function ask<Answer> (question: Question['name']): Promise<Answer> {
    const id = ++questions
    const answer = messageOf(child, (message) => 'id' in message && message.id === id ? message : undefined)
    child.send({ id, name: question })
    return answer.then((message) => message.answer as Answer)
  }

  return {
    origin: `${ready.protocol ?? 'http:'}//127.0.0.1:${ready.port}`,
    token: ready.token ?? '',
    pid: child.pid!,
    usage: () => ask('usage'),
    loopStart: () => ask('loopStart'),
    loopStop: () => ask('loopStop'),
    open: () => ask('open'),
    profileStart: () => ask('profileStart'),
    profileStop: () => ask('profileStop'),
    heapStart: () => ask('heapStart'),
    heapStop: () => ask('heapStop'),
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

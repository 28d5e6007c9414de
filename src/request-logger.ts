import type { FastifyBaseLogger } from 'fastify'

type Bindings = Parameters<FastifyBaseLogger['child']>[0]
type ChildLoggerOptions = Parameters<FastifyBaseLogger['child']>[1]

/** Makes a logger hand out its children as {@link RequestLogger}s: those that a factory of ours made Fastify would check, one for each request. */
export function makeLoggersLazily (log: FastifyBaseLogger): void {
  const { child } = log
  // pino's children inherit from their parent, and with it this function: whose child is made is told by the call.
  log.child = function (this: FastifyBaseLogger, bindings, options) {
    return new RequestLogger({ child: child.bind(this) }, bindings, options ?? {})
  }
}

/** What a line is made of: an object, a message and what stands in it. */
type Line = [object: any, ...rest: any[]]

/**
 * A request's logger, made when the request first logs something: pino prepares the words that a child adds to each line when the child is made,
 * and nearly every request logs nothing but the line at its end, which the application's own logger writes.
 */
export class RequestLogger implements FastifyBaseLogger {
  readonly #parent: Pick<FastifyBaseLogger, 'child'>
  readonly #bindings: Bindings
  readonly #options: ChildLoggerOptions
  #made: FastifyBaseLogger | undefined

  constructor (parent: Pick<FastifyBaseLogger, 'child'>, bindings: Bindings, options: ChildLoggerOptions) {
    this.#parent = parent
    this.#bindings = bindings
    this.#options = options
  }

  get #own (): FastifyBaseLogger {
    this.#made ??= this.#parent.child(this.#bindings, this.#options)
    return this.#made
  }

  get level (): string {
    return this.#own.level
  }

  set level (level: string) {
    this.#own.level = level
  }

  fatal (...line: Line): void { this.#own.fatal(...line) }
  error (...line: Line): void { this.#own.error(...line) }
  warn (...line: Line): void { this.#own.warn(...line) }
  info (...line: Line): void { this.#own.info(...line) }
  debug (...line: Line): void { this.#own.debug(...line) }
  trace (...line: Line): void { this.#own.trace(...line) }
  silent (...line: Line): void { this.#own.silent(...line) }

  child (bindings: Bindings, options?: ChildLoggerOptions): FastifyBaseLogger {
    return this.#own.child(bindings, options)
  }
}

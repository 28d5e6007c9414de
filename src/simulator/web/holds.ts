/** Where a request can be made to wait. `create` and `upload` have happened by then and are not answered; `delete` has not happened. */
export const STEPS = ['create', 'upload', 'completion-before-headers', 'completion-mid', 'delete'] as const

export type Step = typeof STEPS[number]

/** A request that waits at a step. */
export interface Held {
  /** The account's first key. */
  key: string
  url: string
}

export interface Hold {
  /** Resolves with the first request that is here. */
  arrived: Promise<Held>
  /** Lets those go that wait, and holds no more. */
  release: () => void
}

interface Entry { step: Step, key: string | undefined, arrive: (held: Held) => void, released: Promise<void>, release: () => void }

/** Points at which requests wait until a test lets them go on. */
export class Holds {
  readonly #entries = new Set<Entry>()

  /**
   * Holds every request at the step until it is released.
   * @param key only that account's
   */
  hold (step: Step, key?: string): Hold {
    const arrival = Promise.withResolvers<Held>()
    const release = Promise.withResolvers<void>()
    const entry: Entry = { step, key, arrive: arrival.resolve, released: release.promise, release: release.resolve }
    this.#entries.add(entry)
    return {
      arrived: arrival.promise,
      release: () => {
        this.#entries.delete(entry)
        entry.release()
      }
    }
  }

  waits (step: Step, { key }: Held): boolean {
    return this.#find(step, key) !== undefined
  }

  /**
   * Waits at the step if it is held.
   * @param gone ends the wait: the client went away
   * @returns whether to go on: not when the client went away, for then the request has no further effect
   */
  async pass (step: Step, held: Held, gone: AbortSignal): Promise<boolean> {
    const entry = this.#find(step, held.key)
    if (entry === undefined) return true
    entry.arrive(held)
    await Promise.race([entry.released, aborted(gone)])
    return !gone.aborted
  }

  releaseAll (): void {
    for (const { release } of this.#entries) release()
    this.#entries.clear()
  }

  #find (step: Step, key: string): Entry | undefined {
    return [...this.#entries].find((entry) => entry.step === step && (entry.key ?? key) === key)
  }
}

function aborted (signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

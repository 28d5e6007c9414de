import { setImmediate as turn } from 'node:timers/promises'

/** How long a condition may take before the test is given up, in milliseconds: a bound for what never comes, not a measure. */
const GIVE_UP = 20_000

/**
 * Waits, turn by turn of the event loop, until a condition holds.
 * @param what what is waited for, as the error tells it
 */
export async function until (holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + GIVE_UP
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await turn()
  }
}

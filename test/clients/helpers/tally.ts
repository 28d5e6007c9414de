export type Tally = ReturnType<typeof createTally>

/** Counts the tests of several files by what they print. Source: Test Anything Protocol, version 14. */
export function createTally () {
  let passed = 0
  let failed = 0
  let failedBefore = 0

  return {
    get passed (): number {
      return passed
    },

    get failed (): number {
      return failed
    },

    /** A line of output. Only the points of the outermost level are tests; those further in are their assertions. */
    read (line: string): void {
      if (/^(?:not )?ok \d+.* # (?:SKIP|TODO)\b/i.test(line)) return
      if (/^ok \d+/.test(line)) passed++
      if (/^not ok \d+/.test(line)) failed++
    },

    /** The end of a file. One that ends badly without a test that failed has failed itself: it crashed, hung, or had nothing to say. */
    endFile (exit: number | string | null): void {
      if (exit !== 0 && failed === failedBefore) failed++
      failedBefore = failed
    }
  }
}

import type { FastifyBaseLogger } from 'fastify'

/** How often the times of last use are written, in milliseconds: at most once in this time for each row. */
export const FLUSH_INTERVAL = 60_000

export interface Used {
  id: string
  /** Epoch milliseconds. */
  last_used_at: number | null
}

export interface LastUsedDeps<Row extends Used> {
  /** Writes them in one transaction, so that the disk is synced once. */
  write: (batch: Iterable<Row>) => Promise<void>
  log: Pick<FastifyBaseLogger, 'error'>
  /** Epoch milliseconds. */
  clock: () => number
}

/** Marks rows as used in memory, and writes the marks from time to time: no request waits for the database. */
export function createLastUsed<Row extends Used> ({ write, log, clock }: LastUsedDeps<Row>) {
  let dirty = new Set<Row>()

  return {
    /** Notes that the row was used just now. In memory only: the next flush writes it. */
    touch (row: Row): void {
      row.last_used_at = clock()
      dirty.add(row)
    },

    /** Writes the times of last use. A failure is logged, and the next flush tries again. */
    async flush (): Promise<void> {
      if (dirty.size === 0) return
      const batch = dirty
      dirty = new Set()
      try {
        await write(batch)
      } catch (error) {
        for (const row of batch) dirty.add(row)
        log.error({ err: error }, 'the times of last use could not be written; the next round tries again')
      }
    }
  }
}

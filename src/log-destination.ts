import { destination, type DestinationStream } from 'pino'

/** How long a line may wait for company, in milliseconds. */
const PATIENCE = 200
/** Lines that are written together, in bytes: a write costs what many lines do. sonic-boom writes 16 KiB at once at the most. */
const TOGETHER = 15 * 1024
/** What may wait for a reader that does not read, in bytes; lines past it are dropped. */
const MOST_WAITING = 16 * 1024 * 1024

/**
 * Standard output, written a few lines at a time: a write of its own for each line would cost as much as the rest of the gateway's work on
 * a small request. What waits is written at exit, whatever the cause, but for SIGKILL and a crash of the machine.
 */
export function logDestination (): DestinationStream {
  return destination({ fd: 1, sync: false, minLength: TOGETHER, maxLength: MOST_WAITING, periodicFlush: PATIENCE })
}

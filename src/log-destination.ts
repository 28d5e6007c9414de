import { destination, type DestinationStream } from 'pino'

/** How long a line may wait for company, in milliseconds. */
const PATIENCE = 200
/** What may wait for a reader that does not read, in bytes; lines past it are dropped. */
const MOST_WAITING = 16 * 1024 * 1024

/**
 * Standard output, written a few lines at a time: a write of its own for each line would cost as much as the rest of the gateway's work on
 * a small request. What waits is written at exit, whatever the cause, but for SIGKILL and a crash of the machine.
 */
export function logDestination (): DestinationStream {
  return destination({ fd: 1, sync: false, minLength: 4_096, maxLength: MOST_WAITING, periodicFlush: PATIENCE })
}

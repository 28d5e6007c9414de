import type { Io } from '../io.ts'

/** What a client needs to know. */
export interface Connection {
  /** Where the client reaches the gateway, without a slash at the end. */
  url: string
  token: string
  /** A model, for clients that must be told one. */
  model: string
}

/** A program that can be pointed at the gateway. */
export interface Client {
  title: string
  /** The file that holds its settings. */
  file (io: Io): string
  /** What is set, by name; the token among it. */
  settings (connection: Connection): Record<string, string>
  /** How it is done by hand: text to be pasted. */
  byHand (connection: Connection, file: string): string
  /**
   * The file's text with the settings in it, and nothing else changed.
   * @throws CliError for a text that it cannot change safely
   */
  merge (text: string, connection: Connection): string
  /** What is still to be done after the file was written. */
  afterwards? (connection: Connection): string
}

/** What is pasted into a POSIX shell. */
export function shellLine (variables: Record<string, string>, command = ''): string {
  return [...Object.entries(variables).map(([name, value]) => `${name}=${value}`), command].join(' ').trim()
}

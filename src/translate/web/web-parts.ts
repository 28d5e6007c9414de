/** What a request holds, in terms of what claude.ai takes. */

/** An image or a PDF, to be uploaded. */
export interface WebFile { name: string, mediaType: string, bytes: Buffer }

/** A text that goes along with a message. The names are claude.ai's own; `file_size` is in bytes. */
export interface WebAttachment { file_name: string, file_type: string, file_size: number, extracted_content: string }

export type WebPart =
  | { kind: 'text', text: string }
  | { kind: 'file', file: WebFile, /** SHA-256 of its bytes. */ digest: string }
  | { kind: 'document', attachment: WebAttachment }

export type WebRole = 'user' | 'assistant' | 'system'

/** What is kept while a request is read. */
export interface WebReading {
  /** Names of fields inside of blocks that have no effect. */
  ignored: Set<string>
  /** Files and documents so far: the number is part of a name, so that no name comes twice. */
  files: number
}

export function attachmentOf (name: string, text: string): WebAttachment {
  return { file_name: name, file_type: 'txt', file_size: Buffer.byteLength(text), extracted_content: text }
}

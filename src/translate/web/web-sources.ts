import { hash } from 'node:crypto'
import { asArray, asObject, asOneOf, asString, invalid, missing, optionalString, type Fields } from '../fields.ts'
import { mappedType, noteIgnored, notInWebMode } from './web-parameters.ts'
import { attachmentOf, type WebPart, type WebReading } from './web-parts.ts'

const IMAGES: Readonly<Record<string, string>> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/gif': 'gif', 'image/webp': 'webp' }
const PDF = 'application/pdf'
/** Anything else in a title could break out of a header, or out of a line of the transcript. */
const UNSAFE = /[^\p{L}\p{N} ._-]+/gu
const LONGEST_NAME = 80

/** An image block. */
export function imagePart (block: Fields, path: string, reading: WebReading): WebPart {
  const source = asObject(block['source'], `${path}.source`)
  const type = mappedType('source', source, `${path}.source`)
  if (type !== 'base64') throw invalid(`${path}.source.type`, 'must be base64 for an image', 'Send the bytes as base64.')
  const mediaType = mediaTypeOf(source, Object.keys(IMAGES), path)
  return filePart(numbered(reading, 'image', IMAGES[mediaType]!), mediaType, source, path)
}

/** A document block: a PDF, or text; its context comes before it. */
export function documentParts (block: Fields, path: string, reading: WebReading): WebPart[] {
  const source = asObject(block['source'], `${path}.source`)
  const type = mappedType('source', source, `${path}.source`)
  const title = optionalString(block['title'], `${path}.title`) ?? ''
  const context = optionalString(block['context'], `${path}.context`) ?? ''
  const before: WebPart[] = context.trim() === '' ? [] : [{ kind: 'text', text: context }]
  if (type === 'base64') {
    const mediaType = mediaTypeOf(source, [PDF], path)
    return [...before, filePart(numbered(reading, title || 'document', 'pdf'), mediaType, source, path)]
  }
  const text = type === 'text' ? plainText(source, path) : contentText(source['content'], `${path}.source.content`, reading)
  if (text.trim() === '') return before
  return [...before, { kind: 'document', attachment: attachmentOf(numbered(reading, title || 'document', 'txt'), text) }]
}

function filePart (name: string, mediaType: string, source: Fields, path: string): WebPart {
  const bytes = bytesOf(source['data'], `${path}.source.data`)
  return { kind: 'file', file: { name, mediaType, bytes }, digest: hash('sha256', bytes) }
}

function mediaTypeOf (source: Fields, allowed: readonly string[], path: string): string {
  const at = `${path}.source.media_type`
  if (source['media_type'] === undefined || source['media_type'] === null) throw missing(at, `Send one of ${allowed.join(', ')}.`)
  return asOneOf(source['media_type'], allowed, at)
}

function plainText (source: Fields, path: string): string {
  mediaTypeOf(source, ['text/plain'], path)
  return asString(source['data'], `${path}.source.data`)
}

function contentText (content: unknown, path: string, reading: WebReading): string {
  if (typeof content === 'string') return content
  return asArray(content, path).map((item, index) => {
    const at = `${path}.${index}`
    const block = asObject(item, at)
    if (block['type'] !== 'text') throw notInWebMode(at, 'anything but text inside of a document is not available')
    noteIgnored(block, reading.ignored)
    return asString(block['text'], `${at}.text`)
  }).join('\n\n')
}

/** Decodes without forgiveness: what Buffer would skip, the API would refuse. */
function bytesOf (value: unknown, path: string): Buffer {
  const data = asString(value, path)
  const text = /\s/.test(data) ? data.replace(/\s+/g, '') : data
  const padding = text.indexOf('=')
  const length = padding === -1 ? text.length : padding
  if (length === 0 || length % 4 === 1 || /[^A-Za-z0-9+/=]/.test(text) || /[^=]/.test(text.slice(length)) || text.length - length > 2) {
    throw invalid(path, 'holds no base64', 'Encode the bytes as base64.', 'invalid_base64')
  }
  return Buffer.from(text, 'base64')
}

/** A name that comes once in a request, says what the client called it, and is safe in a header and in a line. */
function numbered (reading: WebReading, title: string, extension: string): string {
  const safe = title.slice(0, 4 * LONGEST_NAME).replace(UNSAFE, '_').trim().slice(0, LONGEST_NAME).toWellFormed() || 'document'
  const named = extension === 'txt' ? /\.[A-Za-z0-9]{1,8}$/.test(safe) : safe.toLowerCase().endsWith(`.${extension}`)
  return `${++reading.files}-${safe}${named ? '' : `.${extension}`}`
}

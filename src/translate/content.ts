import type { Block, CacheControl, DocumentBlock, ImageBlock, TextBlock } from './messages.ts'
import { asObject, asOneOf, asString, invalid, missing, optionalString, type Fields } from './fields.ts'
import { refusedPart } from './parameters.ts'

const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']
const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*),/i
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** A text block, or none for an empty text or one of white space only: the upstream refuses those. */
export function textBlocks (text: string): TextBlock[] {
  return text.trim() === '' ? [] : [{ type: 'text', text }]
}

/** An image by its data URL, or by an http(s) address that the upstream fetches. */
export function imageFromUrl (url: unknown, path: string): ImageBlock {
  if (url === undefined || url === null) throw missing(path, 'Send a data URL or an https address.')
  const text = asString(url, path)
  if (isWebAddress(text)) return { type: 'image', source: { type: 'url', url: text } }
  const { mediaType, data } = parseDataUrl(text, path)
  if (IMAGE_TYPES.includes(mediaType)) return { type: 'image', source: { type: 'base64', media_type: mediaType, data: asBase64(data, path) } }
  throw invalid(path, `has the type ${JSON.stringify(mediaType)}, which Claude cannot see`, `Send one of ${IMAGE_TYPES.join(', ')}.`, 'unsupported_media_type')
}

/** A document by its data URL: a PDF stays one, any text becomes plain text. */
export function documentFromData (fileData: unknown, filename: unknown, path: string): DocumentBlock {
  const title = optionalString(filename, path.replace(/[^.]*$/, 'filename'))
  const { mediaType, base64, data } = parseDataUrl(asString(fileData, path), path)
  return { type: 'document', source: documentSource(), ...(title ? { title } : {}) }

  function documentSource (): DocumentBlock['source'] {
    if (mediaType === 'application/pdf') return { type: 'base64', media_type: 'application/pdf', data: asBase64(data, path) }
    if (!isText(mediaType)) {
      throw invalid(path, `has the type ${JSON.stringify(mediaType)}, which Claude cannot read`, 'Send application/pdf or a text type.', 'unsupported_media_type')
    }
    return { type: 'text', media_type: 'text/plain', data: base64 ? Buffer.from(asBase64(data, path), 'base64').toString() : percentDecoded(data, path) }
  }
}

/** A document that the upstream fetches. */
export function documentFromUrl (url: unknown, path: string): DocumentBlock {
  const text = asString(url, path)
  if (!isWebAddress(text)) throw invalid(path, 'is not an http(s) address', 'Send an address, or the file itself as file_data.')
  return { type: 'document', source: { type: 'url', url: text } }
}

/** The `cache_control` that a client may set on a part, in Anthropic's own form. */
export function cacheControl (value: unknown, path: string): CacheControl | undefined {
  if (value === undefined || value === null) return undefined
  const fields = asObject(value, path)
  asOneOf(fields['type'], ['ephemeral'], `${path}.type`)
  if (fields['ttl'] === undefined || fields['ttl'] === null) return { type: 'ephemeral' }
  return { type: 'ephemeral', ttl: asOneOf(fields['ttl'], ['5m', '1h'] as const, `${path}.ttl`) }
}

/** The content of a Chat message as blocks; null and empty texts give none. */
export function chatContent (content: unknown, path: string): Array<TextBlock | ImageBlock | DocumentBlock> {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return textBlocks(content)
  if (!Array.isArray(content)) throw invalid(path, 'must be a string or an array of parts', 'Send the text as a string.', 'invalid_type')
  return content.flatMap((part, index) => {
    const at = `${path}.${index}`
    const fields = asObject(part, at)
    const cache = cacheControl(fields['cache_control'], `${at}.cache_control`)
    return chatPart(fields, at).map((block) => cache === undefined ? block : { ...block, cache_control: cache })
  })
}

/** The content of a message that can hold text only. */
export function textContent (content: unknown, path: string): TextBlock[] {
  return chatContent(content, path).map((block) => {
    if (block.type === 'text') return block
    throw invalid(path, 'holds more than text, and only text can stand here', 'Put it into a user message.', 'unsupported_content')
  })
}

/** Whether any block carries a `cache_control` of the client. */
export function hasCacheControl (blocks: readonly Block[]): boolean {
  return blocks.some((block) => ('cache_control' in block) || (block.type === 'tool_result' && Array.isArray(block.content) && hasCacheControl(block.content)))
}

function chatPart (part: Fields, path: string): Array<TextBlock | ImageBlock | DocumentBlock> {
  switch (part['type']) {
    case 'text': return textBlocks(asString(part['text'], `${path}.text`))
    case 'refusal': return textBlocks(asString(part['refusal'], `${path}.refusal`))
    case 'image_url': {
      const image = asObject(part['image_url'], `${path}.image_url`)
      return [imageFromUrl(image['url'], `${path}.image_url.url`)]
    }
    case 'file': return [chatFile(asObject(part['file'], `${path}.file`), `${path}.file`)]
    default: throw refusedPart('chat', part['type'], path)
  }
}

function chatFile (file: Fields, path: string): DocumentBlock {
  if (file['file_data'] !== undefined && file['file_data'] !== null) return documentFromData(file['file_data'], file['filename'], `${path}.file_data`)
  if (file['file_id'] !== undefined && file['file_id'] !== null) throw refusedPart('chat', 'file_id', path)
  throw missing(`${path}.file_data`, 'Send the file as a data URL.')
}

function isWebAddress (text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text)
}

function parseDataUrl (url: string, path: string): { mediaType: string, base64: boolean, data: string } {
  const match = DATA_URL.exec(url.slice(0, 512))
  if (match === null) throw invalid(path, 'is neither a data URL nor an http(s) address', 'Send data:<media type>;base64,<data>.', 'invalid_url')
  const [head, mediaType = '', options = ''] = match
  return { mediaType: mediaType.toLowerCase().trim(), base64: /;\s*base64/i.test(options), data: url.slice(head.length) }
}

function asBase64 (data: string, path: string): string {
  const text = /\s/.test(data) ? data.replace(/\s+/g, '') : data
  if (BASE64.test(text)) return text
  throw invalid(path, 'holds no base64', 'Encode the bytes as base64 after the comma.', 'invalid_base64')
}

function percentDecoded (data: string, path: string): string {
  try {
    return decodeURIComponent(data)
  } catch {
    throw invalid(path, 'is not percent-encoded as a data URL has to be', 'Encode it, or send base64.')
  }
}

function isText (mediaType: string): boolean {
  return mediaType.startsWith('text/') || ['application/json', 'application/xml', 'application/yaml', 'application/javascript'].includes(mediaType)
}

import { conversationNotFound, refusal } from './web-error.ts'

/** The parent of first messages, as the site sends it. */
export const ROOT = '00000000-0000-4000-8000-000000000000'

export interface Attachment { file_name: string, file_type: string, file_size: number, extracted_content: string }

export interface Upload {
  file_uuid: string
  file_name: string
  file_kind: 'image' | 'document' | 'blob'
  size_bytes: number
  /** The account's first key, and its organisation. */
  key: string
  organization: string
  mimeType: string
  /** SHA-256 of the whole form, in hex. */
  sha256: string
}

export interface ChatMessage {
  uuid: string
  sender: 'human' | 'assistant'
  parent_message_uuid: string
  text: string
  attachments: Attachment[]
  files: Upload[]
  /** Of an assistant's message: null while it is being said. */
  stop_reason: string | null
  model: string | null
  created_at: string
}

export interface Conversation {
  uuid: string
  name: string
  organization: string
  /** The account's first key. */
  key: string
  temporary: boolean
  model: string | null
  settings: Record<string, unknown>
  /** In the order in which they were said; the parents make them a tree. */
  messages: ChatMessage[]
  created_at: string
}

/** The messages from the first one to this one, along its parents. */
export function branch ({ messages }: Conversation, uuid: string): ChatMessage[] {
  const path: ChatMessage[] = []
  for (let next = messages.find((one) => one.uuid === uuid); next !== undefined;) {
    path.unshift(next)
    const parent = next.parent_message_uuid
    next = messages.find((one) => one.uuid === parent)
  }
  return path
}

/**
 * The parent of a new turn.
 * @throws WebError 400 for anything but an assistant's message of the conversation; a first turn needs none
 */
export function parentOf ({ messages }: Conversation, uuid: string | undefined): string {
  if (uuid === ROOT || (uuid === undefined && messages.length === 0)) return ROOT
  const parent = messages.find((one) => one.uuid === uuid)
  if (parent?.sender !== 'assistant') throw refusal('invalid_request_error', 'parent_message_uuid: Invalid parent message')
  return parent.uuid
}

/** Finds among the given conversations; others' are as good as none. */
export function conversationOf (conversations: Map<string, Conversation>, { uuid, key, organization }: Pick<Conversation, 'uuid' | 'key' | 'organization'>): Conversation {
  const found = conversations.get(uuid)
  if (found === undefined || found.key !== key || found.organization !== organization) throw conversationNotFound()
  return found
}

/** As `GET …/chat_conversations/{c}` gives it. */
export function conversationInfo ({ uuid, name, model, temporary, settings, created_at: created, messages }: Conversation) {
  return {
    uuid,
    name,
    model,
    summary: '',
    is_starred: false,
    is_temporary: temporary,
    settings,
    created_at: created,
    updated_at: messages.at(-1)?.created_at ?? created,
    current_leaf_message_uuid: messages.at(-1)?.uuid ?? null
  }
}

/** A message of the tree, in the rendering of the newer site. */
export function messageInfo ({ text, files, ...message }: ChatMessage, index: number) {
  return { ...message, index, text: '', content: [{ type: 'text', text }], files: files.map(uploadInfo) }
}

/** As the newer upload answers; the older one has `file_uuid` too. */
export function uploadInfo (upload: Upload) {
  return { success: true, file_uuid: upload.file_uuid, file_name: upload.file_name, file_kind: upload.file_kind, size_bytes: upload.size_bytes }
}

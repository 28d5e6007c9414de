import { forOwner, type Content } from './operation.ts'

/** What the document says of the routes for what lives with the API. */

const FORM = 'multipart/form-data'

const BATCH = {
  id: 'msgbatch_made_up', type: 'message_batch', processing_status: 'in_progress', request_counts: { processing: 1, succeeded: 0, errored: 0, canceled: 0, expired: 0 }, results_url: null, created_at: '2026-11-24T09:00:00Z'
}
const FILE = { id: 'file_made_up', type: 'file', filename: 'notes.txt', mime_type: 'text/plain', size_bytes: 12, created_at: '2026-11-24T09:00:00Z', downloadable: false }
const SKILL = { id: 'skill_made_up', type: 'skill', display_title: 'Made up', source: 'custom', latest_version: '1795500000', created_at: '2026-11-24T09:00:00Z' }
const VERSION = { id: 'skillver_made_up', type: 'skill_version', version: '1795500000', created_at: '2026-11-24T09:00:00Z' }

const one = (example: unknown): Content[] => [{ shape: 'Thing', example }]
const page = (...data: unknown[]): Content[] => [{ shape: 'Page', example: { data, has_more: false } }]
const gone = (id: string, type: string) => one({ id, type })

const batch = { errors: ['invalid_id', 'batch_not_found'] } as const
export const CREATE_BATCH = forOwner('Batches', {
  id: 'createBatch',
  summary: 'Begin a batch',
  description: 'Streamed upstream as it comes, up to 256 MiB. The address of the results is the gateway\'s.',
  body: { shape: 'BatchRequest', example: { requests: [{ custom_id: 'one', params: { model: 'claude-sonnet-5-5', max_tokens: 256, messages: [{ role: 'user', content: 'Good morning, Claude!' }] } }] } },
  answers: one(BATCH),
  errors: ['empty_body', 'file_not_found', 'different_workspaces', 'request_too_large']
})
export const LIST_BATCHES = forOwner('Batches', { id: 'listBatches', summary: 'The token\'s batches', answers: page(BATCH), errors: ['invalid_limit'] })
export const GET_BATCH = forOwner('Batches', { id: 'getBatch', summary: 'How a batch stands', answers: one(BATCH), ...batch })
export const DELETE_BATCH = forOwner('Batches', { id: 'deleteBatch', summary: 'Delete a batch that has ended', answers: gone('msgbatch_made_up', 'message_batch_deleted'), ...batch })
export const CANCEL_BATCH = forOwner('Batches', { id: 'cancelBatch', summary: 'Cancel a batch', answers: one({ ...BATCH, processing_status: 'canceling' }), ...batch })
export const BATCH_RESULTS = forOwner('Batches', {
  id: 'batchResults',
  summary: 'A batch\'s results',
  description: 'Streamed, one JSON object a line.',
  ...batch,
  answers: [{ type: 'application/x-jsonl', shape: 'Bytes', example: '{"custom_id":"one","result":{"type":"succeeded","message":{}}}\n' }]
})

const file = { errors: ['invalid_id', 'file_not_found'] } as const
export const CREATE_FILE = forOwner('Files', {
  id: 'createFile',
  summary: 'Upload a file',
  description: 'A form with one part named `file`. Streamed upstream as it comes, up to 500 MB.',
  body: { type: FORM, shape: 'FileForm', example: { file: 'Buy milk.' } },
  answers: one(FILE),
  errors: ['empty_body', 'invalid_content_type', 'request_too_large']
})
export const LIST_FILES = forOwner('Files', { id: 'listFiles', summary: 'The token\'s files', answers: page(FILE), errors: ['invalid_limit'] })
export const GET_FILE = forOwner('Files', { id: 'getFile', summary: 'What is known of a file', answers: one(FILE), ...file })
export const DELETE_FILE = forOwner('Files', { id: 'deleteFile', summary: 'Delete a file', answers: gone('file_made_up', 'file_deleted'), ...file })
export const FILE_CONTENT = forOwner('Files', {
  id: 'fileContent', summary: 'A file\'s content', description: 'Streamed. Only what tools made can be downloaded; the upstream refuses what was uploaded.', answers: [{ type: 'application/octet-stream', shape: 'Bytes', example: 'Buy milk.' }], ...file
})

const skill = { errors: ['invalid_id', 'skill_not_found'] } as const
const skillForm: Content = { type: FORM, shape: 'SkillForm', example: { 'files[]': ['---\nname: made-up\n---\nSay hello.'] } }
export const CREATE_SKILL = forOwner('Skills', {
  id: 'createSkill', summary: 'Make a skill', body: skillForm, answers: one(SKILL), errors: ['empty_body', 'invalid_content_type', 'request_too_large']
})
export const LIST_SKILLS = forOwner('Skills', { id: 'listSkills', summary: 'The token\'s skills, and Anthropic\'s', answers: page(SKILL), errors: ['invalid_limit'] })
export const GET_SKILL = forOwner('Skills', { id: 'getSkill', summary: 'What is known of a skill', answers: one(SKILL), ...skill })
export const DELETE_SKILL = forOwner('Skills', { id: 'deleteSkill', summary: 'Delete a skill', answers: gone('skill_made_up', 'skill_deleted'), ...skill })
export const CREATE_VERSION = forOwner('Skills', {
  id: 'createSkillVersion', summary: 'Make a version of a skill', body: skillForm, answers: one(VERSION), errors: [...skill.errors, 'empty_body', 'invalid_content_type', 'request_too_large']
})
export const LIST_VERSIONS = forOwner('Skills', { id: 'listSkillVersions', summary: 'A skill\'s versions', answers: page(VERSION), errors: [...skill.errors, 'invalid_limit'] })
export const GET_VERSION = forOwner('Skills', { id: 'getSkillVersion', summary: 'What is known of a version', answers: one(VERSION), ...skill })
export const DELETE_VERSION = forOwner('Skills', { id: 'deleteSkillVersion', summary: 'Delete a version', answers: gone('1795500000', 'skill_version_deleted'), ...skill })
export const VERSION_CONTENT = forOwner('Skills', {
  id: 'skillVersionContent', summary: 'A version\'s files', description: 'Streamed, as a ZIP archive.', answers: [{ type: 'application/zip', shape: 'Bytes', example: 'PK…' }], ...skill
})

import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { readForm } from '../form.ts'
import { organizationOf } from './accounts.ts'
import { uploadInfo, type Upload } from './conversations.ts'
import { visitOf, welcome, type InOrganization } from './visit.ts'
import { refusal } from './web-error.ts'

/** `POST /api/{organization}/upload`, and the path of the newer site. */
export async function uploadRoutes (app: FastifyInstance): Promise<void> {
  const options = { config: { endpoint: 'upload', isStream: true } } as const

  for (const path of ['/:organization/upload', '/organizations/:organization/conversations/:conversation/wiggle/upload-file']) {
    app.post<InOrganization>(path, options, async (request, reply) => {
      const { web, account, gone } = visitOf(request)
      const organization = organizationOf(account, request.params.organization).uuid
      const form = await read(request.body, request.headers['content-type'])
      const upload: Upload = {
        file_uuid: randomUUID(),
        file_name: form.filename,
        file_kind: kindOf(form.mime_type),
        size_bytes: form.size,
        key: account.key,
        organization,
        mimeType: form.mime_type,
        sha256: form.sha256
      }
      web.uploads.set(upload.file_uuid, upload)
      if (!await web.holds.pass('upload', { key: account.key, url: request.url }, gone)) return reply.hijack()
      return welcome(request, reply, uploadInfo(upload))
    })
  }
}

/** @throws WebError 400 */
async function read (body: unknown, contentType = '') {
  try {
    return await readForm(Buffer.isBuffer(body) ? Readable.from([body]) : undefined, contentType)
  } catch {
    throw refusal('invalid_request_error', 'file: Field required')
  }
}

function kindOf (mimeType: string): Upload['file_kind'] {
  if (mimeType.startsWith('image/')) return 'image'
  return mimeType === 'application/pdf' ? 'document' : 'blob'
}

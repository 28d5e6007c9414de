import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { respond } from './deliver.ts'
import { exchangeOf } from './exchange.ts'
import { readForm, type FormFile } from './form.ts'
import { pageInBothForms, Shelf, workspaceOf, type Kept, type PageQuery } from './workspaces.ts'

interface StoredFile extends Kept, FormFile {
  createdAt: string
}

interface ById { Params: { id: string } }

const CHUNK = Buffer.alloc(64 * 1024, 'made-up content of a large file, ')

/**
 * `/files`. Uploaded files can be downloaded again, which the real API allows only for those that tools made; of one that is too large to be kept,
 * the content is made up, at its length.
 */
export async function fileRoutes (app: FastifyInstance): Promise<void> {
  const shelf = new Shelf<StoredFile>('File')
  app.addContentTypeParser('multipart/form-data', (_request, payload, done) => done(null, payload))

  app.post('/files', { config: { isStream: true } }, async (request, reply) => {
    const form = await readForm(request.body as Readable | undefined, String(request.headers['content-type']))
    const { simulation: { ids, clock } } = exchangeOf(request)
    const createdAt = new Date(clock()).toISOString()
    return respond(request, reply, metadata(shelf.add({ ...form, id: ids.file(), workspace: workspaceOf(request), createdAt })))
  })

  app.get<{ Querystring: PageQuery }>('/files', async (request, reply) => {
    return respond(request, reply, pageInBothForms(shelf.all(request).map(metadata), request.query))
  })

  app.get<ById>('/files/:id', async (request, reply) => respond(request, reply, metadata(shelf.get(request, request.params.id))))

  app.delete<ById>('/files/:id', async (request, reply) => {
    shelf.remove(request, request.params.id)
    return respond(request, reply, { id: request.params.id, type: 'file_deleted' })
  })

  app.get<ById>('/files/:id/content', async (request, reply) => {
    const { filename, mime_type: type, size, bytes } = shelf.get(request, request.params.id)
    reply.headers({ 'content-type': type, 'content-length': size, 'content-disposition': `attachment; filename="${filename}"` })
    return reply.send(bytes ?? Readable.from(contentOf(size), { objectMode: false }))
  })
}

function * contentOf (size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= CHUNK.length) yield left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
}

function metadata ({ id, filename, mime_type: type, size, createdAt }: StoredFile) {
  return { id, type: 'file', filename, mime_type: type, size_bytes: size, created_at: createdAt, downloadable: true }
}

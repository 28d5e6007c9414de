import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'
import { respond } from './deliver.ts'
import { exchangeOf } from './exchange.ts'
import { readForm } from './form.ts'
import { isNew, pageByCursor, Shelf, workspaceOf, type Kept, type PageQuery } from './workspaces.ts'

interface Version {
  id: string
  created_at: string
}

interface Skill extends Kept {
  display_name: string
  created_at: string
  source: 'custom' | 'anthropic'
  /** Newest first. */
  versions: Version[]
}

interface ById { Params: { id: string } }
interface ByVersion { Params: { id: string, version: string } }

const RELEASED = '2025-10-16T00:00:00.000Z'
/** Anthropic's own, which every workspace has. */
const PREBUILT: Skill[] = ['pptx', 'xlsx', 'docx', 'pdf'].map((id) => ({
  id, workspace: '', display_name: id.toUpperCase(), created_at: RELEASED, source: 'anthropic', versions: [{ id: '20251016', created_at: RELEASED }]
}))

/** `/skills` and their versions. What is in the form does not matter here: a skill's name is its file's. */
export async function skillRoutes (app: FastifyInstance): Promise<void> {
  const shelf = new Shelf<Skill>('Skill')
  const find = (request: FastifyRequest, id: string) => PREBUILT.find((skill) => skill.id === id) ?? shelf.get(request, id)
  app.addContentTypeParser('multipart/form-data', (_request, payload, done) => done(null, payload))

  app.post('/skills', { config: { isStream: true } }, async (request, reply) => {
    const { filename } = await readForm(request.body as Readable | undefined, String(request.headers['content-type']))
    const version = newVersion(request)
    const { simulation: { ids } } = exchangeOf(request)
    const skill = shelf.add({
      id: ids.skill(), workspace: workspaceOf(request), display_name: filename, created_at: version.created_at, source: 'custom', versions: [version]
    })
    return respond(request, reply, shown(request, skill))
  })

  app.get<{ Querystring: PageQuery & { source?: string } }>('/skills', async (request, reply) => {
    const { source } = request.query
    const skills = [...shelf.all(request), ...PREBUILT].filter((skill) => source === undefined || skill.source === source)
    return respond(request, reply, paged(skills.map((skill) => shown(request, skill)), request.query))
  })

  app.get<ById>('/skills/:id', async (request, reply) => respond(request, reply, shown(request, find(request, request.params.id))))

  app.delete<ById>('/skills/:id', async (request, reply) => {
    shelf.remove(request, request.params.id)
    return respond(request, reply, { id: request.params.id, type: 'skill_deleted' })
  })

  app.post<ById>('/skills/:id/versions', { config: { isStream: true } }, async (request, reply) => {
    const skill = shelf.get(request, request.params.id)
    await readForm(request.body as Readable | undefined, String(request.headers['content-type']))
    const version = newVersion(request)
    skill.versions.unshift(version)
    return respond(request, reply, shownVersion(skill, version))
  })

  app.get<ById & { Querystring: PageQuery }>('/skills/:id/versions', async (request, reply) => {
    const skill = find(request, request.params.id)
    return respond(request, reply, paged(skill.versions.map((version) => shownVersion(skill, version)), request.query))
  })

  app.get<ByVersion>('/skills/:id/versions/:version', async (request, reply) => {
    const skill = find(request, request.params.id)
    return respond(request, reply, shownVersion(skill, versionOf(skill, request.params.version)))
  })

  app.delete<ByVersion>('/skills/:id/versions/:version', async (request, reply) => {
    const skill = shelf.get(request, request.params.id)
    skill.versions.splice(skill.versions.indexOf(versionOf(skill, request.params.version)), 1)
    return respond(request, reply, { id: request.params.version, type: 'skill_version_deleted' })
  })
}

function paged<T> (things: T[], query: PageQuery) {
  const page = pageByCursor(things, query)
  return { ...page, has_more: page.next_page !== null }
}

function newVersion (request: FastifyRequest): Version {
  const { simulation: { ids, clock } } = exchangeOf(request)
  return { id: ids.version(), created_at: new Date(clock()).toISOString() }
}

function versionOf ({ versions }: Skill, id: string): Version {
  const version = versions.find((one) => one.id === id)
  if (version === undefined) throw new ApiError('not_found_error', `Skill version not found: ${id}`)
  return version
}

function shown (request: FastifyRequest, { id, display_name: name, created_at: created, source, versions }: Skill) {
  const newest = versions[0]
  return {
    id,
    type: 'skill',
    display_name: name,
    created_at: created,
    updated_at: newest?.created_at ?? created,
    ...isNew(request)
      ? { source: { type: source }, latest_version_id: newest?.id ?? null }
      : { source, display_title: name, latest_version: newest?.id ?? null }
  }
}

function shownVersion ({ id: skill, display_name: name }: Skill, { id, created_at: created }: Version) {
  return { id, type: 'skill_version', skill_id: skill, name, description: 'A made-up skill', created_at: created, version: id }
}

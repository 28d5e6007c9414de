import fp from 'fastify-plugin'
import type { Kysely } from 'kysely'
import type { Database } from './database/schema.ts'
import { boxSecrets, createSecretBox, type BoxSecretSources, type SecretBox } from './secret-box.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Seals what the database must not show. */
    secretBox: SecretBox
  }
}

/** Everything in the database that is sealed. The identity of a row is part of the seal. */
const SEALED = [
  { table: 'api_keys', columns: ['secret'] },
  { table: 'sessions', columns: ['secret', 'previous_secret'] }
] as const

/** What a sealed text of a row is bound to: it opens in no other row and in no other table. */
export function sealIdentity (table: typeof SEALED[number]['table'], id: string): string {
  return `${table}:${id}`
}

/**
 * Seals with the current key whatever an older one had sealed, in one transaction, so that the older one can be forgotten.
 * What no key opens is left as it is: whoever needs it says so.
 * @returns how many secrets were sealed anew
 */
export async function sealAnew (db: Kysely<Database>, box: SecretBox): Promise<number> {
  return db.transaction().execute(async (trx) => {
    let count = 0
    for (const { table, column, id, text } of await sealedTexts(trx)) {
      const fresh = resealed(box, text, sealIdentity(table, id))
      if (fresh === null) continue
      await (trx as Kysely<Database>).updateTable(table).set({ [column]: fresh }).where('id', '=', id).execute()
      count++
    }
    return count
  })
}

/** How many secrets of the database the box opens, and how many not. */
export async function countOpened (db: Kysely<Database>, box: SecretBox): Promise<{ opened: number, closed: number }> {
  const counts = { opened: 0, closed: 0 }
  for (const { table, id, text } of await sealedTexts(db)) counts[opens(box, text, sealIdentity(table, id)) ? 'opened' : 'closed']++
  return counts
}

function opens (box: SecretBox, text: string, identity: string): boolean {
  try {
    box.open(text, identity)
    return true
  } catch {
    return false
  }
}

interface SealedText {
  table: typeof SEALED[number]['table']
  column: string
  id: string
  text: string
}

async function sealedTexts (db: Kysely<Database>): Promise<SealedText[]> {
  const found: SealedText[] = []
  for (const { table, columns } of SEALED) {
    for (const column of columns) {
      const rows = await db.selectFrom(table).select(['id', `${column as 'secret'} as text`]).execute() as Array<{ id: string, text: string | null }>
      for (const { id, text } of rows) if (text !== null) found.push({ table, column, id, text })
    }
  }
  return found
}

/** @returns null where there is nothing to do, or nothing that can be done */
function resealed (box: SecretBox, text: string, identity: string): string | null {
  if (box.isCurrent(text)) return null
  try {
    return box.seal(box.open(text, identity), identity)
  } catch {
    return null
  }
}

export default fp<BoxSecretSources>(async (app, sources) => {
  const { current, older } = boxSecrets(sources)
  const box = createSecretBox(current, older)
  const count = await sealAnew(app.db, box)
  if (count > 0) {
    app.log.info({ count }, 'secrets in the database were encrypted anew with the current key; CCPROXY_STORAGE_OLD_ENCRYPTION_KEYS can be emptied')
  }
  app.decorate('secretBox', box)
}, { name: 'ccproxy-encryption', fastify: '5.x', dependencies: ['ccproxy-database'] })

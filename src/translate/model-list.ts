import { isObject, textOf, type Fields } from './fields.ts'

/**
 * A model of the upstream's list in a shape that the SDKs of both protocols read. Source: `Model` of `openai` 7.57, `ModelInfo` of
 * `@anthropic-ai/sdk` 1.12; no field of one means anything else in the other.
 * @param model of any shape: what is missing stays missing
 */
export function modelForBoth (model: unknown): Fields {
  const fields = isObject(model) ? model : {}
  const created = Date.parse(textOf(fields['created_at']))
  return { ...fields, id: textOf(fields['id']), object: 'model', created: Number.isNaN(created) ? 0 : Math.floor(created / 1_000), owned_by: 'anthropic' }
}

/** The upstream's list for both protocols. An alias stands beside the model that it names. */
export function modelsForBoth (list: unknown, aliases: Record<string, string>): object {
  const models = (isObject(list) && Array.isArray(list['data']) ? list['data'] : []).map(modelForBoth)
  const named = Object.entries(aliases).map(([alias, name]) => ({ ...models.find(({ id }) => id === name) ?? modelForBoth({}), id: alias }))
  const data = [...models, ...named]
  return { object: 'list', data, has_more: false, first_id: data[0]?.['id'] ?? null, last_id: data.at(-1)?.['id'] ?? null }
}

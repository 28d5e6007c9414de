import type { MessagesRequest, Tool, ToolChoice } from './messages.ts'
import type { ModelTraits } from './models.ts'
import { asObject, asOneOf, missing } from './fields.ts'
import { hasOpenObjects, toStructuredSchema } from './json-schema.ts'

/** What an answer has to look like, the same for every protocol. */
export type WantedFormat = { type: 'text' } | { type: 'json_object' } | { type: 'json_schema', schema: unknown, path: string }

/** By which means it gets that look. */
export interface OutputFormat {
  format?: NonNullable<MessagesRequest['output_config']>['format']
  /** A tool whose input is the answer, for models and schemas without structured outputs, and the choice that forces it. */
  tool?: Tool
  choice?: ToolChoice
  /** A sentence for the system text, where words are all there is. */
  instruction?: string
}

const JSON_TOOL = 'json'

/** The `response_format` of a Chat request. */
export function chatFormat (value: unknown): WantedFormat {
  if (value === undefined || value === null) return { type: 'text' }
  const fields = asObject(value, 'response_format')
  const type = asOneOf(fields['type'], ['text', 'json_object', 'json_schema'], 'response_format.type')
  if (type !== 'json_schema') return { type }
  const path = 'response_format.json_schema.schema'
  const { schema } = asObject(fields['json_schema'], 'response_format.json_schema')
  if (schema === undefined || schema === null) throw missing(path, 'Send the JSON Schema of the answer.')
  return { type, schema, path }
}

/** The `text.format` of a Responses request. */
export function responsesFormat (value: unknown): WantedFormat {
  if (value === undefined || value === null) return { type: 'text' }
  const fields = asObject(value, 'text.format')
  const type = asOneOf(fields['type'], ['text', 'json_object', 'json_schema'], 'text.format.type')
  if (type !== 'json_schema') return { type }
  const { schema } = fields
  if (schema === undefined || schema === null) throw missing('text.format.schema', 'Send the JSON Schema of the answer.')
  return { type, schema, path: 'text.format.schema' }
}

/** @param hasTools whether the client sends tools of its own: then none can be forced on the model for the format */
export function outputFormat (wanted: WantedFormat, traits: ModelTraits, hasTools: boolean): OutputFormat {
  if (wanted.type === 'text') return {}
  if (wanted.type === 'json_object') return { instruction: 'Reply with one JSON object and nothing else: no prose, no code fence.' }
  const structured = toStructuredSchema(wanted.schema, wanted.path)
  const open = hasOpenObjects(wanted.schema)
  if (traits.structuredOutputs && !open) return { format: { type: 'json_schema', schema: structured } }
  const schema = open ? asObject(wanted.schema, wanted.path) : structured
  if (traits.forcedTools && !hasTools && schema['type'] === 'object') {
    return {
      tool: { name: JSON_TOOL, description: 'Give your whole answer as the input of this tool.', input_schema: schema },
      choice: { type: 'tool', name: JSON_TOOL, disable_parallel_tool_use: true }
    }
  }
  return { instruction: `Reply with one JSON value and nothing else, no prose, no code fence. It must be valid against this JSON Schema:\n${JSON.stringify(schema)}` }
}

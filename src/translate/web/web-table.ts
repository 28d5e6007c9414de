import { isAnyOf, isEmpty } from '../parameters-idle.ts'
import { isObject } from '../fields.ts'

/** What happens in web mode to one thing that a Messages request can hold. */
export interface WebRow {
  kind: 'parameter' | 'block' | 'source'
  /** For a field inside of a parameter: the path to it. */
  name: string
  /** `ignored` is harmless and told in a response header; `refused` is a 400 that names API mode. */
  fate: 'mapped' | 'ignored' | 'refused'
  /** What becomes of it; for what is refused: why. */
  note: string
  /** Whether a value asks for nothing beyond what happens anyway: then it is neither listed nor refused. Null never asks for anything. */
  idle?: (value: unknown) => boolean
}

const NO_TOOLS = 'client tools are not available'
const NO_FETCH = 'the gateway fetches nothing, so the bytes themselves have to be sent'

/** Whether a tool choice leaves the model free not to call, which is all that it can do without tools. */
function isFreeChoice (value: unknown): boolean {
  return isObject(value) && (value['type'] === 'none' || value['type'] === 'auto')
}

const row = (kind: WebRow['kind'], name: string, fate: WebRow['fate'], note: string, idle?: WebRow['idle']): WebRow => ({ kind, name, fate, note, idle })

/** Names of parameters and blocks: `@anthropic-ai/sdk` 1.12, beta ones included. */
export const WEB_ROWS: readonly WebRow[] = [
  row('parameter', 'model', 'mapped', 'it has to be in the plan of the session'),
  row('parameter', 'messages', 'mapped', 'see the blocks below; the last one has to be a user’s'),
  row('parameter', 'system', 'mapped', 'stands at the head of the transcript'),
  row('parameter', 'stream', 'mapped', ''),
  row('parameter', 'stop_sequences', 'mapped', 'looked for by the gateway'),
  row('parameter', 'thinking', 'mapped', '`enabled` is `extended` there, `adaptive` is `auto`, the others are `off`'),
  row('parameter', 'output_config', 'mapped', '`effort`'),
  row('parameter', 'thinking.budget_tokens', 'ignored', 'claude.ai sets its own'),
  row('parameter', 'thinking.display', 'ignored', 'thinking is told as it comes', isAnyOf('summarized')),
  row('parameter', 'output_config.format', 'refused', 'structured output cannot be guaranteed'),
  row('parameter', 'output_config.task_budget', 'ignored', ''),
  row('parameter', 'output_format', 'refused', 'structured output cannot be guaranteed'),
  row('parameter', 'tools', 'refused', NO_TOOLS, isEmpty),
  row('parameter', 'tool_choice', 'refused', NO_TOOLS, isFreeChoice),
  row('parameter', 'mcp_servers', 'refused', 'MCP servers are not available', isEmpty),
  row('parameter', 'container', 'refused', 'containers are not available'),
  row('parameter', 'max_tokens', 'ignored', 'claude.ai sets its own limit'),
  row('parameter', 'temperature', 'ignored', '', isAnyOf(1)),
  row('parameter', 'top_p', 'ignored', '', isAnyOf(1)),
  row('parameter', 'top_k', 'ignored', ''),
  row('parameter', 'metadata', 'ignored', '', isEmpty),
  row('parameter', 'service_tier', 'ignored', '', isAnyOf('auto')),
  row('parameter', 'speed', 'ignored', '', isAnyOf('standard')),
  row('parameter', 'inference_geo', 'ignored', ''),
  row('parameter', 'context_management', 'ignored', 'nothing is cleared or compacted', isEmpty),
  row('parameter', 'betas', 'ignored', '', isEmpty),
  row('parameter', 'cache_control', 'ignored', 'also on blocks; there it is listed once'),
  row('parameter', 'citations', 'ignored', 'on documents; listed once', (value) => isObject(value) && value['enabled'] !== true),
  row('block', 'text', 'mapped', 'empty ones are left out'),
  row('block', 'image', 'mapped', 'uploaded: JPEG, PNG, GIF or WebP'),
  row('block', 'document', 'mapped', 'a PDF is uploaded, text becomes an attachment; `context` becomes text before it'),
  row('block', 'thinking', 'mapped', 'left out: earlier thinking is not told again'),
  row('block', 'redacted_thinking', 'mapped', 'left out, as `thinking`'),
  ...['tool_use', 'tool_result', 'server_tool_use', 'web_search_tool_result', 'web_fetch_tool_result', 'code_execution_tool_result',
    'bash_code_execution_tool_result', 'text_editor_code_execution_tool_result', 'tool_search_tool_result', 'mcp_tool_use', 'mcp_tool_result',
    'advisor_tool_result', 'tool_reference'
  ].map((name) => row('block', name, 'refused', 'calls of tools and their results are not available')),
  row('block', 'container_upload', 'refused', 'containers are not available'),
  row('block', 'search_result', 'refused', 'search results with citations are not available'),
  row('block', 'compaction', 'refused', 'compacted conversations are not available'),
  row('source', 'base64', 'mapped', 'images and PDFs'),
  row('source', 'text', 'mapped', 'documents'),
  row('source', 'content', 'mapped', 'documents of text blocks'),
  row('source', 'url', 'refused', NO_FETCH),
  row('source', 'file', 'refused', NO_FETCH)
]

/** A request can hold very many blocks: each is looked up. */
const BY_NAME: ReadonlyMap<string, WebRow> = new Map(WEB_ROWS.map((row) => [`${row.kind} ${row.name}`, row]))

/** The row of a name, if it is a known one. */
export function webRow (kind: WebRow['kind'], name: string): WebRow | undefined {
  return BY_NAME.get(`${kind} ${name}`)
}

/** The whole table in Markdown. */
export function webTable (): string {
  const lines = WEB_ROWS.map(({ kind, name, fate, note }) => `| \`${name}\` | ${kind} | ${fate} | ${note} |`)
  return ['| name | kind | in web mode | what happens |', '|---|---|---|---|', ...lines].join('\n')
}

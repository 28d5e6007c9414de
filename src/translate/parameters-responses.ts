import type { Row } from './parameters.ts'
import { isAnyOf, isEmpty, isOff } from './parameters-idle.ts'

/** Anthropic's own layer has no Responses API at all. */
const anthropic = 'unsupported'
const NO_STATE = 'Nothing is stored here: send the whole conversation as input.'
const DROPPED = 'left out: it runs at OpenAI'

/** Responses, as `openai` 7.57 and Codex 0.169 have it. */
export const RESPONSES_ROWS: readonly Row[] = [
  { kind: 'parameter', name: 'model', fate: 'mapped', note: 'a Claude model, or an alias from the configuration', anthropic },
  { kind: 'parameter', name: 'input', fate: 'mapped', note: 'a text, or the items below', anthropic },
  { kind: 'parameter', name: 'instructions', fate: 'mapped', note: 'system text', anthropic },
  { kind: 'parameter', name: 'max_output_tokens', fate: 'mapped', note: 'at most what the model can write, which is also the default', anthropic },
  { kind: 'parameter', name: 'stream', fate: 'mapped', note: '', anthropic },
  { kind: 'parameter', name: 'temperature', fate: 'mapped', note: 'cut to 0–1; ignored and told where the model takes none, or thinks', anthropic },
  { kind: 'parameter', name: 'top_p', fate: 'mapped', note: 'as `temperature`, which wins', anthropic },
  { kind: 'parameter', name: 'tools', fate: 'mapped', note: 'see the tools below', anthropic },
  { kind: 'parameter', name: 'tool_choice', fate: 'mapped', note: 'in all forms; where the model refuses to be forced, it is told in words to call', anthropic },
  { kind: 'parameter', name: 'parallel_tool_calls', fate: 'mapped', note: '', anthropic },
  { kind: 'parameter', name: 'reasoning', fate: 'mapped', note: 'effort or a thinking budget, by the model; the thinking comes back as summary', anthropic },
  { kind: 'parameter', name: 'text', fate: 'mapped', note: '`format` as `response_format` of Chat Completions; `verbosity` has no effect', anthropic },
  { kind: 'parameter', name: 'include', fate: 'mapped', note: '`reasoning.encrypted_content`; the others have no effect', anthropic },
  { kind: 'parameter', name: 'user', fate: 'mapped', note: 'sent on as a hash only', anthropic },
  { kind: 'parameter', name: 'safety_identifier', fate: 'mapped', note: 'as `user`, and wins over it', anthropic },
  { kind: 'parameter', name: 'metadata', fate: 'mapped', note: 'told again in the answer; nothing is stored', anthropic },
  { kind: 'parameter', name: 'previous_response_id', fate: 'refused', note: NO_STATE, anthropic },
  { kind: 'parameter', name: 'conversation', fate: 'refused', note: NO_STATE, anthropic },
  { kind: 'parameter', name: 'prompt', fate: 'refused', note: 'No prompts are stored here: send its text as instructions and input.', anthropic },
  { kind: 'parameter', name: 'background', fate: 'refused', note: 'An answer lives as long as its connection: leave it out, and stream.', anthropic, idle: isOff },
  { kind: 'parameter', name: 'top_logprobs', fate: 'refused', note: 'Claude tells no probabilities: leave it out.', anthropic, idle: isAnyOf(0) },
  { kind: 'parameter', name: 'stream_options', fate: 'ignored', note: '', anthropic, idle: isEmpty },
  { kind: 'parameter', name: 'store', fate: 'ignored', note: 'nothing is stored', anthropic, idle: isOff },
  { kind: 'parameter', name: 'truncation', fate: 'ignored', note: 'nothing is cut', anthropic, idle: isAnyOf('disabled') },
  { kind: 'parameter', name: 'max_tool_calls', fate: 'ignored', note: 'it counts tools that run at OpenAI', anthropic },
  { kind: 'parameter', name: 'service_tier', fate: 'ignored', note: '', anthropic, idle: isAnyOf('auto', 'default') },
  { kind: 'parameter', name: 'prompt_cache_key', fate: 'ignored', note: 'caching is automatic', anthropic },
  { kind: 'parameter', name: 'prompt_cache_retention', fate: 'ignored', note: 'caching is automatic', anthropic },
  { kind: 'parameter', name: 'context_management', fate: 'ignored', note: 'nothing is compacted', anthropic, idle: isEmpty },
  { kind: 'parameter', name: 'client_metadata', fate: 'ignored', note: 'Codex sends it', anthropic, idle: isEmpty },
  { kind: 'parameter', name: 'moderation', fate: 'ignored', note: '', anthropic },
  { kind: 'item', name: 'message', fate: 'mapped', note: 'as in Chat Completions', anthropic },
  { kind: 'item', name: 'function_call', fate: 'mapped', note: '', anthropic },
  { kind: 'item', name: 'function_call_output', fate: 'mapped', note: '', anthropic },
  { kind: 'item', name: 'custom_tool_call', fate: 'mapped', note: '', anthropic },
  { kind: 'item', name: 'custom_tool_call_output', fate: 'mapped', note: '', anthropic },
  { kind: 'item', name: 'reasoning', fate: 'mapped', note: 'by the `encrypted_content` that was given here; without it, left out', anthropic },
  {
    kind: 'item',
    name: 'item_reference',
    fate: 'refused',
    note: 'Nothing is stored here: send the item itself. Clients do so when told that nothing is stored, as with `store: false`.',
    anthropic
  },
  { kind: 'part', name: 'input_text', fate: 'mapped', note: '', anthropic },
  { kind: 'part', name: 'output_text', fate: 'mapped', note: '', anthropic },
  { kind: 'part', name: 'refusal', fate: 'mapped', note: 'as text', anthropic },
  { kind: 'part', name: 'input_image', fate: 'mapped', note: 'JPEG, PNG, GIF or WebP as data URL, or an address; `detail` has no effect', anthropic },
  { kind: 'part', name: 'input_file', fate: 'mapped', note: 'PDF and text, as `file_data` or `file_url`', anthropic },
  { kind: 'part', name: 'file_id', fate: 'refused', note: 'No files are stored here: send the file itself as file_data.', anthropic },
  { kind: 'part', name: 'input_audio', fate: 'refused', note: 'Claude hears no audio: send a transcript as text.', anthropic },
  { kind: 'tool', name: 'function', fate: 'mapped', note: '`strict` where the model has structured outputs', anthropic },
  { kind: 'tool', name: 'custom', fate: 'mapped', note: 'a tool with one text; a grammar is told to the model, not enforced', anthropic },
  { kind: 'tool', name: 'namespace', fate: 'mapped', note: 'its functions, under `namespace__name` upstream', anthropic },
  ...['web_search', 'web_search_preview', 'file_search', 'mcp', 'image_generation', 'code_interpreter', 'computer', 'computer_use_preview', 'local_shell', 'shell', 'apply_patch', 'tool_search']
    .map((name): Row => ({ kind: 'tool', name, fate: 'ignored', note: DROPPED, anthropic }))
]

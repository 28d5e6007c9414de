/** What an answer's translation has to know of its Chat Completions request. */
export interface ChatContext {
  /** The model as the client wrote it: every chunk repeats it. */
  model: string
  /** Whether the client asked for a stream; the upstream is asked for one in any case. */
  stream: boolean
  /** Whether the client wants the chunk with the token counts at the end of its stream. */
  includeUsage: boolean
  /** The tool that stands in for structured output: its input is the text of the answer, and its stop reason is `stop`. */
  jsonTool?: string
  /** Names of the freeform tools: they are told as `custom` calls, and `input.input` is their text. */
  customTools: ReadonlySet<string>
  /** Whether the client speaks the old `functions`: a call is told as `message.function_call`, its finish reason as `function_call`. */
  legacyFunctions: boolean
}

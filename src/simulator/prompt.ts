import type { InputBlock, MessagesRequest, TextBlock, Tool, ToolResultBlock } from './types.ts'

/** What the last user turn asks for. */
export interface Prompt {
  text: string
  results: ToolResultBlock[]
}

/** A tool that the prompt names, with the input that it gives, if it gives any. */
export interface Wish { tool: Tool, input: object | undefined }

/** Reads the last user turn. What Claude Code puts into it beside the user's words is left out. */
export function readPrompt ({ messages }: MessagesRequest): Prompt {
  const content = messages.findLast(({ role }) => role === 'user')?.content ?? ''
  const blocks: InputBlock[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  const text = textOf(blocks).replaceAll(/<system-reminder>[\s\S]*?<\/system-reminder>/g, '').trim()
  return { text, results: blocks.filter((block): block is ToolResultBlock => block.type === 'tool_result') }
}

/** The text in a content, blocks one a line; what is not text is named by its type. */
export function contentText (content: string | InputBlock[] | undefined): string {
  if (content === undefined || typeof content === 'string') return content ?? ''
  return content.map((block) => isText(block) ? block.text : `[${block.type}]`).join('\n')
}

const textOf = (blocks: InputBlock[]): string => blocks.filter(isText).map(({ text }) => text).join('\n')

const isText = (block: InputBlock): block is TextBlock => block.type === 'text'

/** The tools that a prompt such as `use the Bash tool with {"command":"echo hello"}` names, in its order; only those that are offered. */
export function readWishes (prompt: string, tools: Tool[]): Wish[] {
  const wishes: Wish[] = []
  for (const match of prompt.matchAll(/\buse the (\S+) tool\b(?: with (?=\{))?/gi)) {
    const name = match[1]!
    const tool = tools.find((offered) => offered.name === name) ?? tools.find((offered) => offered.name.toLowerCase() === name.toLowerCase())
    if (tool !== undefined) wishes.push({ tool, input: readObject(prompt.slice(match.index + match[0].length)) })
  }
  return wishes
}

/** The JSON object that a text starts with, if it does. */
function readObject (text: string): object | undefined {
  if (!text.startsWith('{')) return undefined
  for (let end = text.indexOf('}'); end !== -1; end = text.indexOf('}', end + 1)) {
    try {
      return JSON.parse(text.slice(0, end + 1)) as object
    } catch {
      // The object goes on behind this brace.
    }
  }
  return undefined
}

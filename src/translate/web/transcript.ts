import { hash } from 'node:crypto'
import { answerText } from './conversation-chain.ts'
import type { Turn } from './turns.ts'
import type { WebPart, WebRole } from './web-parts.ts'

/** One stretch of a transcript: who speaks, or what it is, and the text. */
interface Section { title: string, text: string }

const PREAMBLE = `This file is the record of a conversation so far, in its order. A line of equals signs with a name between them begins each part of it.
What stands under "system" are the instructions for this conversation. Go on from here: answer the message that came with this file, as the next turn.`

/** The people of a transcript, as claude.ai itself calls them. */
const TITLES: Readonly<Record<WebRole, string>> = { user: 'human', assistant: 'assistant', system: 'system' }
const SHORTEST_RULE = 5
const LONGEST_RULE = 32
/** Everything that anything takes for the end of a line. */
const LINE = /[\n\v\f\r\u0085\u2028\u2029]+/

/** The text that tells claude.ai what was said before. */
export function transcript (system: readonly WebPart[], turns: readonly Turn[]): string {
  return `${PREAMBLE}\n\n${sections([...sectionsOf({ role: 'system', parts: [...system] }), ...turns.flatMap(sectionsOf)])}\n`
}

/** The texts of turns of more than one role as one message: the same form without the preamble. */
export function rolesAsText (turns: readonly Turn[]): string {
  return sections(turns.flatMap(({ role, parts }) => sectionsOf({ role, parts: parts.filter(({ kind }) => kind === 'text') })))
}

function sections (list: readonly Section[]): string {
  const { rule, tag } = separatorFor(list)
  return list.map(({ title, text }) => `${rule} ${title}${tag} ${rule}${text === '' ? '' : `\n${text}`}`).join('\n\n')
}

/** A section for each stretch of text; files and documents have their own, so that nothing said can pass for one. */
function sectionsOf ({ role, parts }: Turn): Section[] {
  const title = TITLES[role]
  if (role === 'assistant') return [{ title, text: answerText(parts) }]
  const list: Section[] = []
  let texts: string[] = []
  const flush = () => {
    if (texts.length > 0) list.push({ title, text: texts.join('\n\n') })
    texts = []
  }
  for (const part of parts) {
    if (part.kind === 'text') {
      texts.push(part.text)
      continue
    }
    flush()
    if (part.kind === 'file') list.push({ title: `${title}: attached file ${part.file.name}`, text: '' })
    else list.push({ title: `${title}: document ${part.attachment.file_name}`, text: part.attachment.extracted_content })
  }
  flush()
  return list
}

/**
 * A separator that stands in none of the texts: its rule is longer than any in a line that has two, as a separator has, whatever else is in
 * it. Past a length that no honest text has, a tag does the same that nobody can put into a text: the texts' own hash.
 */
function separatorFor (list: readonly Section[]): { rule: string, tag: string } {
  let longest = 0
  for (const { text } of list) {
    if (!text.includes('=====')) continue
    for (const line of text.split(LINE)) {
      const rules = line.match(/={5,}/g) ?? []
      if (rules.length > 1) longest = rules.reduce((most, rule) => Math.max(most, rule.length), longest)
    }
  }
  const rule = '='.repeat(Math.max(SHORTEST_RULE, Math.min(longest + 1, LONGEST_RULE)))
  return { rule, tag: longest < LONGEST_RULE ? '' : ` ${digestOf(list)}` }
}

function digestOf (list: readonly Section[]): string {
  return hash('sha256', JSON.stringify(list)).slice(0, 32)
}

import { readFileSync } from 'node:fs'
import { DockerfileParser, type From } from 'dockerfile-ast'

/** The repository's own Dockerfile, as data: what tests do is what it says. */
export const DOCKERFILE = readFileSync(new URL('../../docker/Dockerfile', import.meta.url), 'utf8')

export interface Stage {
  image: string
  /** Its name, or null. */
  name: string | null
  /** Behind its FROM, in order: the keyword in capitals, and the rest of the line, continuations joined. */
  steps: Array<{ keyword: string, text: string }>
}

export function stages (): Stage[] {
  const found: Stage[] = []
  for (const instruction of DockerfileParser.parse(DOCKERFILE).getInstructions()) {
    const keyword = instruction.getKeyword()
    if (keyword === 'FROM') {
      const from = instruction as From
      found.push({ image: from.getImage()!, name: from.getBuildStage(), steps: [] })
    } else {
      found.at(-1)!.steps.push({ keyword, text: instruction.getTextContent().slice(keyword.length).replaceAll('\\\n', ' ').trim() })
    }
  }
  return found
}

/** The arguments of an instruction in exec form. @throws SyntaxError when it is in shell form */
export function execForm (text: string): string[] {
  return JSON.parse(text.slice(text.indexOf('['))) as string[]
}

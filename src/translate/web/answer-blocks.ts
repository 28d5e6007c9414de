import { isObject, textOf, type Fields } from '../fields.ts'
import { emptyBlock, type ContentBlock, type MessageWriter } from './answer-writer.ts'
import { StopMatcher } from './stop-matcher.ts'
import { TokenEstimate } from './token-estimate.ts'

/** A block that is being told. */
interface Open {
  /** Its number in the answer. */
  index: number
  block: ContentBlock
  /** Of a text block. */
  matcher: StopMatcher | null
  /** The text of a thinking block is summaries so far. */
  summaries: boolean
}

/**
 * The blocks of an answer that an API client can be told: text and thinking, numbered anew. All others, above all the tools that claude.ai runs
 * itself and their results, are left out with their deltas: a client would take their calls for ones that it must run.
 */
export class AnswerBlocks {
  readonly #writer: MessageWriter
  readonly #stopSequences: readonly string[]
  /** By claude.ai's number. */
  readonly #open = new Map<number, Open>()
  readonly #output = new TokenEstimate()
  readonly #thinking = new TokenEstimate()
  readonly #content: ContentBlock[] = []
  #matched: string | null = null

  constructor (writer: MessageWriter, stopSequences: readonly string[]) {
    this.#writer = writer
    this.#stopSequences = stopSequences
  }

  /** The stop sequence that was met; nothing is told after it. Sequences are looked for in text, and within one block. */
  get matched (): string | null {
    return this.#matched
  }

  /** What was told so far. */
  get content (): ContentBlock[] {
    return this.#content
  }

  get text (): string {
    return this.#content.map((block) => block.type === 'text' ? block.text : '').join('')
  }

  get outputTokens (): number {
    return this.#output.tokens
  }

  /** `null` where no thinking was told. */
  get thinkingTokens (): number | null {
    return this.#content.some(({ type }) => type === 'thinking') ? this.#thinking.tokens : null
  }

  start (number: number, block: Fields): void {
    this.stop(number)
    const type = block['type']
    if (this.#matched !== null || (type !== 'text' && type !== 'thinking')) return
    const matcher = type === 'text' ? new StopMatcher(this.#stopSequences) : null
    const open: Open = { index: this.#content.length, block: emptyBlock(type), matcher, summaries: false }
    this.#open.set(number, open)
    this.#content.push(open.block)
    this.#writer.blockStart(open.index, type)
    this.#say(open, textOf(block[type]))
    this.#sign(open, block['signature'])
  }

  delta (number: number, delta: Fields): void {
    const open = this.#open.get(number)
    if (open === undefined) return
    const thinking = open.block.type === 'thinking'
    switch (delta['type']) {
      case 'text_delta': return thinking ? undefined : this.#say(open, textOf(delta['text']))
      case 'thinking_delta': return thinking ? this.#think(open, textOf(delta['thinking'])) : undefined
      case 'thinking_summary_delta': return thinking ? this.#summarise(open, summaryOf(delta)) : undefined
      case 'signature_delta': return this.#sign(open, delta['signature'])
    }
  }

  stop (number: number): void {
    const open = this.#open.get(number)
    if (open === undefined) return
    if (open.matcher !== null) this.#tell(open, open.matcher.end())
    this.#close(number, open)
  }

  /**
   * Takes back the blocks from a number on. What was told cannot be taken back, and a whole answer says the same as a stream: such a block ends
   * where it stands, and what was held back of it is not told.
   */
  retract (from: number): void {
    for (const [number, open] of this.#open) if (number >= from) this.#close(number, open)
  }

  /** Ends what is still open. */
  stopAll (): void {
    for (const number of [...this.#open.keys()]) this.stop(number)
  }

  #say (open: Open, text: string): void {
    this.#tell(open, open.matcher === null ? text : open.matcher.push(text))
  }

  #think (open: Open, text: string): void {
    if (text === '') return
    this.#say(open, open.summaries ? `\n\n${text}` : text)
    open.summaries = false
  }

  /** Summaries are headlines beside the thinking. They are told, as paragraphs, where a block has none of its own. */
  #summarise (open: Open, text: string): void {
    const begun = open.block.type === 'thinking' && open.block.thinking !== ''
    if (text === '' || (begun && !open.summaries)) return
    this.#say(open, begun ? `\n\n${text}` : text)
    open.summaries = true
  }

  #sign ({ block }: Open, signature: unknown): void {
    if (block.type === 'thinking') block.signature += textOf(signature)
  }

  #tell ({ index, block, matcher }: Open, text: string): void {
    if (text !== '') {
      if (block.type === 'text') block.text += text
      else {
        block.thinking += text
        this.#thinking.add(text)
      }
      this.#output.add(text)
      this.#writer.piece(index, block.type, text)
    }
    if (matcher !== null) this.#matched ??= matcher.matched
  }

  #close (number: number, { index, block }: Open): void {
    this.#open.delete(number)
    this.#writer.blockStop(index, block.type === 'thinking' ? block.signature : '')
  }
}

/** It is told as an object or as a text. */
function summaryOf ({ summary, text }: Fields): string {
  return isObject(summary) ? textOf(summary['summary']) : textOf(summary) || textOf(text)
}

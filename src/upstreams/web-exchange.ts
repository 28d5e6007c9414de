import { setTimeout as sleep } from 'node:timers/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError, toGatewayError } from '../errors.ts'
import type { SessionLease, SessionOutcome } from '../plugins/session-lease.ts'
import { WebAnswer } from '../translate/web/web-answer.ts'
import { planWeb, type WebMessage, type WebPlan } from '../translate/web/web-plan.ts'
import { single } from './headers.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { Flow, Sink } from './sink.ts'
import type { UpstreamRequest } from './upstream.ts'
import type { WebClient } from './web-client.ts'
import type { WebConversations } from './web-conversations.ts'
import { webError, type WebFault } from './web-faults.ts'
import { StepFault, type Stage, type Stages } from './web-stage.ts'
import { WebTurn, type TurnResult } from './web-turn.ts'

/** Attempts that one request may make in all. */
const MOST_ATTEMPTS = 3
/** The longest wait before the first repetition after a fault of the platform, in milliseconds; each further one may be twice as long. */
const FIRST_DELAY = 500

export interface WebExchangeDeps {
  stages: Stages
  client: Pick<WebClient, 'completion' | 'dispatch'>
  conversations: Pick<WebConversations, 'keep' | 'drop'>
  budget: RetryBudget
  /** Told the headers of every good answer, which may renew the cookie. */
  onHeaders: (lease: SessionLease, status: number, headers: IncomingHttpHeaders) => void
  onStart: () => void
  onDone: () => void
  /** An id for a message, `msg_…`. */
  messageId: () => string
  /** Uniform in [0, 1). */
  random: () => number
}

/**
 * One request in web mode, in as many attempts as it takes and may take: choose a session, go on with a conversation or begin one, upload files,
 * send the turn, tell the answer, and leave nothing behind. As long as nothing has reached the client, what is the session's fault goes to another
 * session.
 */
export class WebExchange implements Flow {
  readonly #request: UpstreamRequest
  readonly #client: Sink
  readonly #deps: WebExchangeDeps
  readonly #gone = new AbortController()
  readonly #tried = new Set<string>()
  #turn: WebTurn | null = null
  #attempts = 0
  /** A conversation was gone although it was held: it is not looked for again. */
  #afresh = false

  constructor (request: UpstreamRequest, client: Sink, deps: WebExchangeDeps) {
    this.#request = request
    this.#client = client
    this.#deps = deps
  }

  begin (): void {
    this.#deps.budget.deposit()
    this.#deps.onStart()
    this.#run()
      .catch((error: unknown) => { if (!this.#isGone) this.#client.fail(toGatewayError(error)) })
      .finally(this.#deps.onDone)
  }

  resume (): void {
    this.#turn?.resume()
  }

  abort (): void {
    if (!this.#isGone) this.#gone.abort()
    this.#turn?.abort()
  }

  get #isGone (): boolean {
    return this.#gone.signal.aborted
  }

  /** @throws GatewayError when nothing more can be tried */
  async #run (): Promise<void> {
    const plan = planWeb(this.#request.body ?? Buffer.alloc(0), this.#request.tokenId)
    this.#request.record.usage.inputTokens = plan.inputTokens
    while (!this.#isGone) {
      const error = await this.#attempt(plan)
      if (error === null) return
    }
  }

  /**
   * @returns null when the request is over, else what stood in the way: another attempt may be made
   * @throws GatewayError
   */
  async #attempt (plan: WebPlan): Promise<WebFault | GatewayError | null> {
    const stage = await this.#deps.stages.enter({
      request: this.#request, plan, tried: this.#tried, afresh: this.#afresh, signal: this.#gone.signal
    })
    if (stage === null) return null
    this.#attempts++
    this.#request.record.attempts = this.#attempts
    const answer = new WebAnswer({
      id: this.#deps.messageId(), model: plan.model, stream: plan.stream, inputTokens: plan.inputTokens, stopSequences: plan.stopSequences
    })
    const result = await this.#perform(stage, plan, answer).catch((error: unknown) => this.#resultOf(error))
    this.#leave(stage, plan, answer, result)
    switch (result.kind) {
      case 'fault': return this.#afterFault(result.fault, stage, plan, answer)
      case 'broken': return this.#afterBreak(result)
      default: return null
    }
  }

  async #perform (stage: Stage, plan: WebPlan, answer: WebAnswer): Promise<TurnResult> {
    const { lease, place, conversation, parent } = stage
    const { client, stages } = this.#deps
    const content = parent === null ? plan.whole() : plan.turn
    const files = await stages.prepare(stage, content, this.#gone.signal)
    if (this.#isGone) return { kind: 'aborted' }
    const turn = new WebTurn({
      answer,
      client: this.#client,
      headers: (told) => answerHeaders(plan, told),
      onStart: (status, headers) => {
        this.#request.record.upstreamRequestId = single(headers, 'request-id') ?? null
        this.#deps.onHeaders(lease, status, headers)
      },
      onOver: () => { this.#request.record.usage.outputTokens = answer.outputTokens },
      errorOf: (fault) => errorOf(fault, lease, plan)
    })
    this.#turn = turn
    client.dispatch(client.completion(place, conversation.id, completionOf(plan, content, files, parent)), turn.flow)
    return turn.result
  }

  #resultOf (error: unknown): TurnResult {
    if (error instanceof StepFault) return { kind: 'fault', fault: error.fault }
    // A question that was given up because the client left looks like a fault of the connection, and is none.
    return this.#isGone ? { kind: 'aborted' } : { kind: 'broken', error: toGatewayError(error), answered: false }
  }

  /** Gives the session back, and holds the conversation or deletes it. */
  #leave ({ lease, conversation }: Stage, plan: WebPlan, answer: WebAnswer, result: TurnResult): void {
    const { conversations } = this.#deps
    this.#turn = null
    if (answer.limit !== null) lease.observe(answer.limit)
    lease.settle(outcomeOf(result))
    // What the upstream holds is what the client was told only where the answer came to its own end.
    const isWhole = result.kind === 'told' && !answer.stopped && answer.assistantUuid !== null
    // A session that was taken out of use meanwhile has had its conversations deleted: this one too.
    const isInUse = lease.session.row.is_active === 1
    if (isWhole && isInUse) conversations.keep(conversation, plan.after(answer.text), answer.assistantUuid!)
    else conversations.drop(conversation)
  }

  /** @returns the fault when another attempt may be made @throws GatewayError when none may */
  async #afterFault (fault: WebFault, { lease, parent }: Stage, plan: WebPlan, answer: WebAnswer): Promise<WebFault> {
    const error = errorOf(fault, lease, plan)
    switch (fault.row.kind) {
      case 'conversation_gone':
        if (parent === null) throw error
        // No repetition of what failed, and it can come once only: it needs no leave, however many conversations are gone at the same time.
        this.#afresh = true
        return fault
      case 'upstream':
        // What claude.ai has begun to say counts against the plan; and what it refuses without a reason it would refuse again.
        if (answer.text !== '' || fault.row.name === 'forbidden') throw error
        return this.#again(error, FIRST_DELAY * 2 ** (this.#attempts - 1), fault)
      case 'dead':
      case 'disabled':
      case 'wrong_org':
      case 'model_unavailable':
      case 'rate_limited':
        // Bounded by the sessions there are: the budget is for what is repeated.
        this.#tried.add(lease.session.row.id)
        if (this.#attempts >= MOST_ATTEMPTS) throw error
        return fault
      default:
        throw error
    }
  }

  async #afterBreak ({ error, answered }: { error: GatewayError, answered: boolean }): Promise<GatewayError> {
    // Once claude.ai has begun to answer, it has worked on the turn: that counts against the plan, and would a second time.
    if (answered || error.code !== 'upstream_unreachable') throw error
    return this.#again(error, FIRST_DELAY * 2 ** (this.#attempts - 1), error)
  }

  /** @throws GatewayError `error` when there may be no other attempt */
  async #again<T> (error: GatewayError, longest: number, reason: T): Promise<T> {
    if (this.#attempts >= MOST_ATTEMPTS || !this.#deps.budget.withdraw()) throw error
    if (longest > 0) await sleep(this.#deps.random() * longest, undefined, { signal: this.#gone.signal }).catch(() => {})
    return reason
  }
}

/** What a turn says of its session. */
function outcomeOf (result: TurnResult): SessionOutcome {
  switch (result.kind) {
    case 'told': return { kind: 'ok' }
    case 'fault': return { kind: 'fault', fault: result.fault }
    case 'failed': return result.fault === null ? { kind: 'none', reason: result.error.message } : { kind: 'fault', fault: result.fault }
    case 'broken': return { kind: 'none', reason: result.error.message }
    case 'aborted': return { kind: 'none', reason: null }
  }
}

/** How a fault is told to the client. Whatever claude.ai's words repeat, the cookie stays here. */
function errorOf (fault: WebFault, { cookie, session: { row } }: SessionLease, { model }: WebPlan): GatewayError {
  const text = fault.text?.replaceAll(cookie, '...') ?? null
  return webError({ ...fault, text }, { model, session: row.id, plan: row.plan, now: Date.now() })
}

/** Source: the bodies that public clients sent in 2026; what they disagree on is left out. */
function completionOf (plan: WebPlan, { prompt, attachments }: WebMessage, files: string[], parent: string | null): object {
  return {
    prompt,
    parent_message_uuid: parent ?? undefined,
    timezone: 'UTC',
    model: plan.model,
    rendering_mode: 'messages',
    attachments,
    files,
    tools: [],
    effort: plan.effort,
    thinking_mode: plan.thinkingMode
  }
}

function answerHeaders ({ stream, ignored }: WebPlan, told: Buffer): IncomingHttpHeaders {
  return {
    ...stream ? { 'content-type': 'text/event-stream; charset=utf-8' } : { 'content-type': 'application/json; charset=utf-8', 'content-length': String(told.length) },
    'x-ccproxy-usage': 'estimated',
    ...ignored.length > 0 && { 'x-ccproxy-ignored': ignored.join(', ') }
  }
}

/** Part of the traffic that may be extra attempts. */
const SHARE = 0.2
/** Extra attempts that a quiet gateway may make at once; also what is saved up at the most. */
const RESERVE = 20

/**
 * Bounds the extra attempts over all requests, so that an upstream in trouble is not asked ever more often. Source: the retry budgets of
 * Finagle and Envoy.
 */
export class RetryBudget {
  #saved = RESERVE

  /** A request begins. */
  deposit (): void {
    this.#saved = Math.min(RESERVE, this.#saved + SHARE)
  }

  /** @returns whether one more attempt may be made; then it counts */
  withdraw (): boolean {
    if (this.#saved < 1) return false
    this.#saved--
    return true
  }
}

/** The value below which `share` (0 to 1) of the values lie; the nearest of them, none made up between two. NaN of no values. */
export function quantile (values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
}

export function median (values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** Three quantiles, in the unit of the values. */
export interface Spread {
  p50: number
  p90: number
  p99: number
}

export function spread (values: readonly number[]): Spread {
  return { p50: quantile(values, 0.5), p90: quantile(values, 0.9), p99: quantile(values, 0.99) }
}

/** How many times as much one costs as another, over rounds in which they took turns. */
export interface Ratio {
  ofMedians: number
  /** Interference only ever adds: the cheapest round of each is the least disturbed. */
  ofLeast: number
  /** Of any one round. */
  least: number
  most: number
}

/**
 * @param values one figure a round
 * @param base of the same rounds, in the same order
 */
export function ratioOf (values: readonly number[], base: readonly number[]): Ratio {
  const perRound = values.map((value, round) => value / base[round]!)
  return {
    ofMedians: median(values) / median(base),
    ofLeast: Math.min(...values) / Math.min(...base),
    least: Math.min(...perRound),
    most: Math.max(...perRound)
  }
}

/** What the values grow by with each step of `at`: the slope of the straight line that fits them best. */
export function slope (at: readonly number[], values: readonly number[]): number {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  const [middle, level] = [mean(at), mean(values)]
  const [over, under] = at.reduce(([over, under], x, index) => [
    over + (x - middle) * (values[index]! - level), under + (x - middle) ** 2
  ] as [number, number], [0, 0] as [number, number])
  return over / under
}

/** The items in another order for each round: whoever comes first must not always be the same, for the machine drifts. */
export function rotated<Item> (items: readonly Item[], by: number): Item[] {
  const at = by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

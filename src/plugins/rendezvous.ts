import { hash } from 'node:crypto'

/**
 * Orders nodes by weighted rendezvous hashing, the best for the key first. There is no table: every process gives the same answer, and when a
 * node leaves, only its own keys move. Source: Thaler and Ravishankar, "A Name-Based Mapping Scheme for Rendezvous"; weights by -w / ln(u).
 */
export function rendezvous<T extends { id: string, weight: number }> (key: string, nodes: readonly T[]): T[] {
  return nodes
    .map((node) => ({ node, score: -node.weight / Math.log(uniform(key, node.id)) }))
    .sort((a, b) => b.score - a.score || (a.node.id < b.node.id ? -1 : 1))
    .map(({ node }) => node)
}

/** Uniform in (0, 1), from 52 bits of a hash; JSON keeps ("a", "bc") and ("ab", "c") apart. */
function uniform (key: string, id: string): number {
  const bits = Number.parseInt(hash('sha256', JSON.stringify([key, id])).slice(0, 13), 16)
  return (bits + 0.5) / 2 ** 52
}

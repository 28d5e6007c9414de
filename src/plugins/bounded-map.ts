/**
 * The entry of a map that keeps the most recently used: made when missing, and then the one used least recently gives way.
 * @param most entries that are kept
 */
export function boundedEntry<K, V> (map: Map<K, V>, key: K, most: number, make: () => V): V {
  const value = map.get(key) ?? make()
  setBounded(map, key, value, most)
  return value
}

/** Sets an entry as the most recently used one. */
export function setBounded<K, V> (map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > most) map.delete(map.keys().next().value!)
}

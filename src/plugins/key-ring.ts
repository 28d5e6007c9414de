import { keyIdOf, poolKey, relabel, type KeyConfig, type KeySource, type PoolKey } from './pool-key.ts'

export type KeyRing = ReturnType<typeof createKeyRing>

/** The keys of the pool in their order: those of the configuration first, then those that were added. They come and go while requests run. */
export function createKeyRing (keys: readonly KeyConfig[], source: Exclude<KeySource, 'store'>) {
  let all = keys.map((config, index) => poolKey(config, index + 1, source))
  let enabled = all

  function replace (next: PoolKey[]): void {
    all = next
    enabled = all.filter(({ disabled }) => !disabled)
  }

  const get = (id: string): PoolKey | undefined => all.find((key) => key.id === id)

  return {
    get all (): readonly PoolKey[] {
      return all
    },

    /** Those that an admin has not taken out of use; the same array as long as nothing changes. */
    get enabled (): readonly PoolKey[] {
      return enabled
    },

    get,

    /** Adds a key that is not there yet. @returns its id */
    add (config: KeyConfig, from: KeySource): string {
      replace([...all, poolKey(config, all.length + 1, from)])
      return keyIdOf(config.key)
    },

    /** What runs with the key goes on. @returns false when there is no such key */
    remove (id: string): boolean {
      const there = get(id) !== undefined
      if (there) replace(all.filter((key) => key.id !== id))
      return there
    },

    /** @returns false when there is no such key */
    setDisabled (id: string, disabled: boolean): boolean {
      const key = get(id)
      if (key === undefined) return false
      key.disabled = disabled
      replace(all)
      return true
    },

    /** Replaces the keys of the configuration. What is known of a key that stays is kept, with the labels that it has now. */
    configure (configured: readonly KeyConfig[], from: Exclude<KeySource, 'store'>): { added: number, removed: number } {
      const ids = new Set(configured.map(({ key }) => keyIdOf(key)))
      const before = all
      const kept = configured.map((config, index) => {
        const known = get(keyIdOf(config.key))
        if (known === undefined) return poolKey(config, index + 1, from)
        relabel(known, config, index + 1, from)
        return known
      })
      replace([...kept, ...all.filter(({ id, source: its }) => its === 'store' && !ids.has(id))])
      return {
        added: all.filter((key) => !before.includes(key)).length,
        removed: before.filter((key) => !all.includes(key)).length
      }
    }
  }
}

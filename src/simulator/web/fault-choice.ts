import { createTurns, type ChosenFault } from '../fault-choice.ts'
import type { Endpoint } from './endpoints.ts'
import { WEB_FAULTS, type EventStyle, type WebFault, type WebFaultContext } from './faults.ts'

export interface ChosenWebFault {
  fault: WebFault
  number: ChosenFault['number']
}

const NAMES = Object.keys(WEB_FAULTS).toSorted((one, other) => other.length - one.length)
/** `-fault-<name>[_parameter_number…]-` inside a key. No semicolon or equals sign: the first would end the cookie. */
const IN_KEY = new RegExp(`-fault-(${NAMES.join('|')})((?:_[a-z]+_\\d+)*)-`)

interface Wanted { at: Endpoint, fault: WebFault, left: number }

/**
 * Chooses the fault of a request: one that a test ordered for the endpoint, else the one in its key, such as
 * `sk-ant-sid01-made-up-fault-529_times_2_after_1-aaaa`, at the endpoint where that fault belongs. `times` and `after` count requests to that
 * endpoint.
 */
export class WebFaultChoice {
  readonly #turns = createTurns()
  readonly #wanted: Wanted[] = []

  /**
   * Orders a fault for the next requests to an endpoint, whatever their key.
   * @throws TypeError for a name that is no fault's
   */
  order (at: Endpoint, name: string, times: number): void {
    const fault = WEB_FAULTS[name]
    if (fault === undefined) throw new TypeError(`no fault "${name}"; there are ${Object.keys(WEB_FAULTS).join(', ')}`)
    this.#wanted.push({ at, fault, left: times })
  }

  choose (at: Endpoint, key: string): ChosenWebFault | undefined {
    const wanted = this.#wanted.find((one) => one.at === at && one.left > 0)
    if (wanted !== undefined) {
      wanted.left--
      return { fault: wanted.fault, number: (_name, fallback) => fallback }
    }
    const [wish, name = '', parameters = ''] = IN_KEY.exec(key) ?? []
    const fault = WEB_FAULTS[name]
    if (fault?.at !== at) return undefined
    const values = new Map([...parameters.matchAll(/_([a-z]+)_(\d+)/g)].map(([, parameter, value]) => [parameter!, Number(value)]))
    const number = (parameter: string, fallback: number) => values.get(parameter) ?? fallback
    return this.#turns(`${wish}\n${key}`, number) ? { fault, number } : undefined
  }
}

/** @param now epoch milliseconds */
export function contextOf ({ number }: ChosenWebFault, now: number, style: EventStyle): WebFaultContext {
  return { number, now, style, reset: Math.ceil(now / 1_000) + number('in', 60) }
}

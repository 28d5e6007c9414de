import type { IncomingHttpHeaders } from 'node:http'
import { ApiError } from './api-error.ts'
import { FAULTS, type Fault } from './faults.ts'

/** A fault chosen for one request, with what its parameters say. */
export interface ChosenFault {
  fault: Fault
  number: (parameter: string, fallback: number) => number
}

const NAMES = Object.keys(FAULTS)
/** `-fault-<name>[;parameter=number…]-` inside a key. Longer names come first, or `429` would be found in `429-date`. */
const IN_KEY = new RegExp(`-fault-((?:${NAMES.toSorted((one, other) => other.length - one.length).join('|')})(?:;[a-z-]+=\\d+)*)-`)

/**
 * Chooses the fault of a request, if it wants one: by the header `anthropic-simulator-fault: <name>[;times=N][;parameter=N…]`, else by its key,
 * such as `sk-ant-sim-fault-401-aaaa` or `sk-ant-sim-fault-529;times=2-aaaa`. With `after`, the first N requests are answered well; with `times`,
 * only the next N meet the fault. Requests are counted for each key, those with the header for each session (`x-claude-code-session-id`) where
 * there is one.
 */
export function createFaultChoice () {
  const turns = createTurns()

  /** @throws ApiError 400 when the header names a fault that there is not. */
  return function choose (headers: IncomingHttpHeaders, key: string): ChosenFault | undefined {
    const asked = headers['anthropic-simulator-fault']?.toString()
    const wish = asked ?? IN_KEY.exec(key)?.[1]
    if (wish === undefined || wish === '') return undefined
    const [name = '', ...parameters] = wish.split(';').map((part) => part.trim())
    const fault = Object.hasOwn(FAULTS, name) ? FAULTS[name] : undefined
    if (fault === undefined) throw new ApiError('invalid_request_error', `anthropic-simulator-fault: no fault "${name}"; there are ${NAMES.join(', ')}`)
    const values = new Map(parameters.map((parameter) => parameter.split('=') as [string, string]))
    const number = (parameter: string, fallback: number) => Number(values.get(parameter) ?? fallback)
    const session = asked === undefined ? undefined : headers['x-claude-code-session-id']
    return turns(`${wish}\n${session ?? key}`, number) ? { fault, number } : undefined
  }
}

/** Counts the requests of each who, and tells for each whether it is among those that `after` and `times` mean. */
export function createTurns () {
  const met = new Map<string, number>()

  return function meets (who: string, number: ChosenFault['number']): boolean {
    const place = (met.get(who) ?? 0) + 1
    const first = number('after', 0) + 1
    if (place >= first + number('times', Infinity)) return false
    met.set(who, place)
    return place >= first
  }
}

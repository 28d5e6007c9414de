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
 * such as `sk-ant-sim-fault-401-aaaa` or `sk-ant-sim-fault-529;times=2-aaaa`. With `times`, only the first N requests of the same wish in the
 * same session (`x-claude-code-session-id`), or with the same key, meet the fault; the others are answered well.
 */
export function createFaultChoice () {
  const met = new Map<string, number>()

  /** @throws ApiError 400 when the header names a fault that there is not. */
  return function choose (headers: IncomingHttpHeaders, key: string): ChosenFault | undefined {
    const wish = headers['anthropic-simulator-fault']?.toString() ?? IN_KEY.exec(key)?.[1]
    if (wish === undefined || wish === '') return undefined
    const [name = '', ...parameters] = wish.split(';').map((part) => part.trim())
    const fault = Object.hasOwn(FAULTS, name) ? FAULTS[name] : undefined
    if (fault === undefined) throw new ApiError('invalid_request_error', `anthropic-simulator-fault: no fault "${name}"; there are ${NAMES.join(', ')}`)
    const values = new Map(parameters.map((parameter) => parameter.split('=') as [string, string]))
    const number = (parameter: string, fallback: number) => Number(values.get(parameter) ?? fallback)
    const who = `${wish}\n${headers['x-claude-code-session-id'] ?? key}`
    const times = met.get(who) ?? 0
    if (times >= number('times', Infinity)) return undefined
    met.set(who, times + 1)
    return { fault, number }
  }
}

import { GatewayError } from '../../../src/errors.ts'

/** The error with which something is refused. @throws Error when it is not, or when the fault is ours */
export function refusalOf (work: () => unknown): GatewayError {
  try {
    work()
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('was not refused')
}

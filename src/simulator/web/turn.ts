import type { Quota } from './accounts.ts'
import type { Saying } from './saying.ts'

/** One answer on its way: what both event styles are made of. */
export interface Turn extends Saying {
  /** `chatcompl_…` */
  id: string
  requestId: string
  traceId: string
  /** Of the answer, and of the human message before it. */
  uuid: string
  parentUuid: string
  model: string
  /** Whether it is the first of its conversation. */
  first: boolean
  /** Whether the rarer events come too. */
  extras: boolean
  quota: Quota
  /** Epoch seconds, when the two windows end. */
  resets: { fiveHour: number, sevenDay: number }
  /** Epoch milliseconds. */
  clock: () => number
  /** Is told the words that are taken to be sent. */
  said: (text: string) => void
}

/** The state of the account's plan, which comes with every answer. Utilizations are 0 to 1, times epoch seconds. */
export function messageLimit ({ quota, resets }: Turn) {
  const within = quota.type === 'within_limit'
  return {
    type: quota.type,
    resetsAt: within ? null : resets.fiveHour,
    remaining: quota.type === 'approaching_limit' ? 3 : within ? null : 0,
    perModelLimit: within ? null : false,
    representativeClaim: 'five_hour',
    overageDisabledReason: 'overage_not_provisioned',
    overageInUse: false,
    windows: {
      '5h': { status: quota.type, resets_at: resets.fiveHour, utilization: quota.fiveHour },
      '7d': { status: 'within_limit', resets_at: resets.sevenDay, utilization: quota.sevenDay }
    }
  }
}

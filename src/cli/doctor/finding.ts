/** What was found out about one thing. */
export interface Finding {
  check: string
  status: 'ok' | 'warn' | 'fail'
  /** One sentence; never holds a secret. */
  detail: string
  /** What to do about it. */
  mend?: string
}

export function ok (check: string, detail: string): Finding {
  return { check, status: 'ok', detail }
}

export function warn (check: string, detail: string, mend: string): Finding {
  return { check, status: 'warn', detail, mend }
}

export function fail (check: string, detail: string, mend: string): Finding {
  return { check, status: 'fail', detail, mend }
}

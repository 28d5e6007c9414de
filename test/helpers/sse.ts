export interface ServerSentEvent {
  event: string
  data: string
}

/** Reads a stream as a browser would. Source: HTML standard, server-sent events, 9.2.6. An event without its blank line does not count. */
export function parseEvents (text: string): ServerSentEvent[] {
  const events: ServerSentEvent[] = []
  let event = ''
  let data: string[] = []
  for (const line of text.split(/\r\n|\n|\r/).slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) events.push({ event: event === '' ? 'message' : event, data: data.join('\n') })
      event = ''
      data = []
    } else if (!line.startsWith(':')) {
      const at = line.indexOf(':')
      const field = at === -1 ? line : line.slice(0, at)
      const value = at === -1 ? '' : line.slice(at + 1).replace(/^ /, '')
      if (field === 'event') event = value
      if (field === 'data') data.push(value)
    }
  }
  return events
}

/** The error that an event tells, read from its last data line: an event that was cut half way may have lines of its own before it. */
export function errorOf (event: ServerSentEvent | undefined): { type: string, message: string } | undefined {
  if (event?.event !== 'error') return undefined
  return (JSON.parse(event.data.split('\n').at(-1)!) as { error: { type: string, message: string } }).error
}

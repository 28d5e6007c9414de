/** One group of bars. */
export interface Panel {
  title: string
  /** Of the figures, such as `µs`. */
  unit: string
  bars: Bar[]
}

export interface Bar {
  name: string
  /** NaN where there is none; then `note` says why. */
  value: number
  note?: string
  /** Whether it is ours. */
  ours?: boolean
}

const WIDTH = 900
const MARGIN = 24
/** Room for the names, and for the figures behind the longest bar. */
const NAMES = 170
const FIGURES = 150
const ROW = 24
const HEAD = 40
const GAP = 18
const COLOURS = { ours: '#c2410c', others: '#94a3b8', text: '#1e293b', faint: '#64748b', back: '#ffffff', rule: '#e2e8f0' }

/**
 * Draws panels of horizontal bars as SVG. Each panel has a logarithmic scale of its own that begins below its least value, so that what costs
 * a hundred times as much still leaves the others visible; each bar says how many times the first one it is.
 */
export function chart (title: string, subtitle: string, panels: Panel[]): string {
  const parts: string[] = []
  let y = 76
  for (const panel of panels) {
    parts.push(panelOf(panel, y))
    y += HEAD + panel.bars.length * ROW + GAP
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" font-family="system-ui, sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${y}" rx="8" fill="${COLOURS.back}"/>`,
    text(MARGIN, 36, title, { size: 18, weight: 600 }),
    text(MARGIN, 58, subtitle, { fill: COLOURS.faint, size: 12 }),
    ...parts,
    '</svg>', ''
  ].join('\n')
}

function panelOf ({ title, unit, bars }: Panel, top: number): string {
  const values = bars.map(({ value }) => value).filter(Number.isFinite)
  const scale = logScale(values, WIDTH - 2 * MARGIN - NAMES - FIGURES)
  const base = values[0] ?? NaN
  const rule = `<line x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${top}" y2="${top}" stroke="${COLOURS.rule}"/>`
  const rows = bars.map((bar, index) => barOf(bar, { top: top + HEAD + index * ROW, scale, base, unit }))
  return [rule, text(MARGIN, top + 26, title, { weight: 600 }), ...rows].join('\n')
}

interface Place {
  top: number
  scale: (value: number) => number
  base: number
  unit: string
}

function barOf ({ name, value, note, ours = false }: Bar, { top, scale, base, unit }: Place): string {
  const x = MARGIN + NAMES
  const [weight, middle] = [ours ? 600 : 400, top + 13]
  const label = text(x - 10, middle, name, { anchor: 'end', weight })
  if (!Number.isFinite(value)) return `${label}\n${text(x, middle, note ?? 'not measured', { fill: COLOURS.faint })}`
  const width = scale(value)
  const bar = `<rect x="${x}" y="${top}" width="${width.toFixed(1)}" height="${ROW - 7}" rx="2" fill="${ours ? COLOURS.ours : COLOURS.others}"/>`
  return [label, bar, text(x + width + 8, middle, `${digits(value)} ${unit} · ${digits(value / base)} ×`, { weight })].join('\n')
}

/** Width of a bar: 12 % for the least value, all of it for the most. */
function logScale (values: number[], width: number): (value: number) => number {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const span = Math.log(most / least)
  return (value) => width * (0.12 + 0.88 * (span === 0 ? 1 : Math.log(value / least) / span))
}

function digits (value: number): string {
  return value < 10 ? value.toFixed(value < 3 ? 2 : 1) : Math.round(value).toLocaleString('en')
}

interface TextStyle {
  fill?: string
  size?: number
  weight?: number
  anchor?: 'start' | 'end'
}

function text (x: number, y: number, content: string, { fill = COLOURS.text, size = 13, weight = 400, anchor = 'start' }: TextStyle = {}): string {
  const place = `x="${x.toFixed(1)}" y="${y}"`
  return `<text ${place} fill="${fill}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}">${escaped(content)}</text>`
}

function escaped (content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

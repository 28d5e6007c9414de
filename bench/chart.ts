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
const TOP = 58
const LINE = 18
/** The least bar, as a share of the room. */
const LEAST = 0.08
const COLOURS = { ours: '#c2410c', others: '#94a3b8', text: '#1e293b', faint: '#64748b', back: '#ffffff', rule: '#e2e8f0' }

/**
 * Draws panels of horizontal bars as SVG. A bar shows how many times the first of its panel a figure is, on one logarithmic scale for all panels:
 * what costs a hundred times as much still leaves the others visible, and the same length means the same everywhere.
 */
export function chart (title: string, subtitles: string[], panels: Panel[]): string {
  const parts: string[] = []
  const scale = logScale(panels.flatMap(({ bars }) => bars.map(({ value }) => value / baseOf(bars))))
  let y = TOP + subtitles.length * LINE
  for (const panel of panels) {
    parts.push(panelOf(panel, y, scale))
    y += HEAD + panel.bars.length * ROW + GAP
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" font-family="system-ui, sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${y}" rx="8" fill="${COLOURS.back}"/>`,
    text(MARGIN, 36, title, { size: 18, weight: 600 }),
    ...subtitles.map((line, index) => text(MARGIN, TOP + index * LINE, line, { fill: COLOURS.faint, size: 12 })),
    ...parts,
    '</svg>', ''
  ].join('\n')
}

function panelOf ({ title, unit, bars }: Panel, top: number, scale: Place['scale']): string {
  const base = baseOf(bars)
  const rule = `<line x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${top}" y2="${top}" stroke="${COLOURS.rule}"/>`
  const rows = bars.map((bar, index) => barOf(bar, { top: top + HEAD + index * ROW, scale, base, unit }))
  return [rule, text(MARGIN, top + 26, title, { weight: 600 }), ...rows].join('\n')
}

interface Place {
  top: number
  /** The width of a bar that is so many times the first. */
  scale: (times: number) => number
  base: number
  unit: string
}

function baseOf (bars: Bar[]): number {
  return bars.find(({ value }) => Number.isFinite(value))?.value ?? NaN
}

function barOf ({ name, value, note, ours = false }: Bar, { top, scale, base, unit }: Place): string {
  const x = MARGIN + NAMES
  const [weight, middle] = [ours ? 600 : 400, top + 13]
  const label = text(x - 10, middle, name, { anchor: 'end', weight })
  if (!Number.isFinite(value)) return `${label}\n${text(x, middle, note ?? 'not measured', { fill: COLOURS.faint })}`
  const width = scale(value / base)
  const bar = `<rect x="${x}" y="${top}" width="${width.toFixed(1)}" height="${ROW - 7}" rx="2" fill="${ours ? COLOURS.ours : COLOURS.others}"/>`
  return [label, bar, text(x + width + 8, middle, `${digits(value)} ${unit} · ${digits(value / base)} ×`, { weight })].join('\n')
}

/** The least bar still is one, and the longest leaves room for its figure. */
function logScale (times: number[]): Place['scale'] {
  const logs = times.filter(Number.isFinite).map(Math.log)
  const [least, span] = [Math.min(...logs), Math.max(...logs) - Math.min(...logs)]
  const width = WIDTH - 2 * MARGIN - NAMES - FIGURES
  return (value) => width * (LEAST + (1 - LEAST) * (span === 0 ? 0 : (Math.log(value) - least) / span))
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

import type { SuiteOptions } from '../flags.ts'
import type { Section } from '../report.ts'
import { abort } from './abort.ts'
import { delays } from './delays.ts'
import { growth } from './growth.ts'
import { idle } from './idle.ts'
import { native } from './native.ts'
import { openai } from './openai.ts'
import { paced } from './paced.ts'
import { soak } from './soak.ts'
import { start } from './start.ts'
import { tls } from './tls.ts'
import { web } from './web.ts'

/** Everything that the suite can measure, in the order in which it does. Each starts servers of its own and ends them. */
export const SCENARIOS: Record<string, (options: SuiteOptions) => Promise<Section>> = {
  small: native('small'),
  stream: native('stream'),
  burst: native('burst'),
  large: native('large'),
  huge: native('huge'),
  growth,
  paced,
  idle,
  openai,
  web,
  tls,
  delays,
  abort,
  start,
  soak
}

/** What is measured when nothing is named: all but the soak, which takes as long as it is told. */
export const USUAL = Object.keys(SCENARIOS).filter((name) => name !== 'soak')

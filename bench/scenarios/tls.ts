/** The same as the small request and the stream, against an upstream behind TLS: what the real one is behind. */
import { makeCertificate } from '../certificate.ts'
import { makeBed } from '../children.ts'
import type { SuiteOptions } from '../flags.ts'
import type { Section } from '../report.ts'
import { joined } from './joined.ts'
import { compared, eventsOf, nativePlan } from './native.ts'

/** The certificate is made for the run and trusted through `NODE_EXTRA_CA_CERTS`; verification is on everywhere. */
export async function tls (options: SuiteOptions): Promise<Section> {
  using certificate = makeCertificate()
  const sections: Section[] = []
  for (const name of ['small', 'stream'] as const) {
    await using bed = await makeBed('upstream', { env: certificate.env })
    const { title, plan } = await nativePlan(bed, name, options, certificate.ca)
    sections.push(await compared(title, plan, eventsOf(name, bed.nonce)))
  }
  return joined('An upstream behind TLS', sections)
}

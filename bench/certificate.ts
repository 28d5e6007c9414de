import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where an upstream finds `key.pem` and `cert.pem`; without it, it speaks plain HTTP. */
export const CERTIFICATE_VARIABLE = 'BENCH_CERTIFICATE'

export interface Certificate extends Disposable {
  /** What the servers of a run need: one to show it, the others to trust it. Nobody stops verifying. */
  env: Record<string, string>
  /** In PEM. */
  ca: string
}

/**
 * Makes a certificate of the loopback address that vouches for itself, good for this run only.
 * @throws Error when there is no `openssl` to make it with
 */
export function makeCertificate (): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'ccproxy-bench-tls-'))
  const file = join(folder, 'cert.pem')
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=ccproxy bench',
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', join(folder, 'key.pem'), '-out', file]
  try {
    execFileSync('openssl', args, { stdio: 'ignore' })
  } catch (cause) {
    rmSync(folder, { recursive: true })
    throw new Error('the certificate of the run could not be made: `openssl` is needed for it', { cause })
  }
  return {
    env: { [CERTIFICATE_VARIABLE]: folder, NODE_EXTRA_CA_CERTS: file },
    ca: readFileSync(file, 'utf8'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true })
  }
}

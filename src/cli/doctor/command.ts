import type { Command } from 'commander'
import type { Config } from '../../config.ts'
import { CliError, withoutSecrets } from '../errors.ts'
import { adminOf } from '../gateway.ts'
import { painter, say, sayJson, type Io } from '../io.ts'
import { command, withGateway } from '../options.ts'
import { ownVersion } from '../own-version.ts'
import { checkedUrl, gatewayUrl, type GatewayOptions } from '../settings.ts'
import { printable } from '../table.ts'
import { fail, ok, type Finding } from './finding.ts'
import { checkConfiguration, checkDatabase } from './local.ts'
import { checkOutside } from './outside.ts'
import { checkClock, checkUpstreams, reach } from './reach.ts'
import { checkCredentials, checkGateway } from './running.ts'

interface Options extends GatewayOptions {
  json?: boolean
  publicUrl?: string
}

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const

/** `ccproxy doctor` */
export function doctorCommand (io: Io): Command {
  return withGateway(command('doctor', 'check everything that a gateway relies on, and say how to mend what is wrong', [
    'ccproxy doctor', 'ccproxy doctor --public-url https://claude.example.com', 'ccproxy doctor --json | jq \'.checks[] | select(.status != "ok")\''
  ]))
    .option('--public-url <url>', 'look through the proxy too, and ask the model one short question there (default: server.public_url)')
    .action(async (options: Options) => {
      const findings = (await examine(io, options)).map((finding) => ({ ...finding, detail: withoutSecrets(finding.detail) }))
      const failed = findings.filter(({ status }) => status === 'fail').length
      if (options.json === true) sayJson(io, { ok: failed === 0, checks: findings })
      else for (const finding of findings) tell(io, finding)
      if (failed > 0) throw new CliError(`${failed === 1 ? 'One check' : `${failed} checks`} failed.`, { code: 'unwell' })
    })
}

function tell (io: Io, { check, status, detail, mend }: Finding): void {
  const paint = painter(io)
  say(io, `${paint(COLOURS[status], status.padEnd(4))}  ${check.padEnd(14)}  ${detail.split('\n').map(printable).join(' ')}`)
  if (mend !== undefined) say(io, `${' '.repeat(22)}${paint('dim', '→')} ${mend}`)
}

async function examine (io: Io, options: Options): Promise<Finding[]> {
  const elsewhere = options.url !== undefined || Boolean(io.env['CCPROXY_URL'])
  const { findings, config } = checkConfiguration(io, elsewhere)
  const url = gatewayUrl(io, options)
  const gateway = await checkGateway(url, ownVersion())
  const reached = config === undefined ? [] : await checkUpstreams(config)
  return [
    ok('node', `Node.js ${process.versions.node}.`),
    ...findings,
    ...config === undefined ? [] : await checkDatabase(io, config),
    ...reached.flatMap(({ findings }) => findings),
    ...checkClock([...reached, ...gateway.runs ? [await reach('gateway', url)] : []]),
    ...gateway.findings,
    ...gateway.runs ? await askAsAdmin(io, options, config) : []
  ]
}

async function askAsAdmin (io: Io, options: Options, config: Config | undefined): Promise<Finding[]> {
  const publicUrl = options.publicUrl ?? config?.server.public_url
  try {
    const gateway = await adminOf(io, options)
    const credentials = await checkCredentials(gateway, config?.server.mode ?? 'both', io.now())
    return [...credentials, ...publicUrl === undefined ? [] : await checkOutside({ publicUrl: checkedUrl(publicUrl, '--public-url'), gateway })]
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return [fail('admin key', error.message, 'Give it with --admin-key-file, or run this in the folder where the gateway was started.')]
  }
}

import { execFileSync, spawnSync } from 'node:child_process'
import t from 'tap'
import { runCli } from '../helpers/cli.ts'

/** What bash offers for a line that ends where the cursor is. */
function offered (script: string, words: string[]): string[] {
  const line = `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length - 1}\n_ccproxy\nprintf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['--norc', '-c', line], { encoding: 'utf8' }).split('\n').filter((word) => word !== '')
}

t.test('bash', async (t) => {
  const { code, stdout: script } = await runCli(t, ['completion', 'bash'], { cwd: t.testdir({}) })
  t.equal(code, 0)

  t.test('offers commands, and what is below them', async (t) => {
    t.same(offered(script, ['ccproxy', 'to']), ['token'])
    t.same(offered(script, ['ccproxy', 'token', '']), ['create', 'list', 'revoke', 'info', '--help'])
    t.same(offered(script, ['ccproxy', 'connect', 'c']), ['claude-code', 'codex'])
  })

  t.test('offers options, also after others', async (t) => {
    t.same(offered(script, ['ccproxy', 'token', 'create', 'laptop', '--json', '--ex']), ['--expires-in'])
  })

  t.test('offers nothing that is not known', async (t) => {
    t.same(offered(script, ['ccproxy', 'nothing-']), [])
  })
})

for (const shell of ['zsh', 'fish'] as const) {
  t.test(`${shell}: every command is in a script that the shell can read`, async (t) => {
    const { code, stdout: script } = await runCli(t, ['completion', shell], { cwd: t.testdir({}) })
    t.equal(code, 0)
    for (const word of ['token', 'create', 'rotate-encryption-key', 'claude-code', 'expires-in']) t.match(script, word)
    const { status, error } = spawnSync(shell, ['-n'], { input: script })
    if (error === undefined) t.equal(status, 0)
    else t.comment(`no ${shell} on the PATH: its syntax was not checked`)
  })
}

t.test('a shell that is not known is an error of usage', async (t) => {
  t.match(await runCli(t, ['completion', 'tcsh'], { cwd: t.testdir({}) }), { code: 2, stderr: /bash, zsh, fish/ })
})

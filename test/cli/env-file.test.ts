import { parseEnv } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { withVariables } from '../../src/cli/env-file.ts'
import { CliError } from '../../src/cli/errors.ts'

t.test('a variable is set where it stands, and all else stays', async (t) => {
  t.equal(withVariables('# mine\nexport A=1 # one\nB="2"\n\n#A=3\n', { A: 'new' }), '# mine\nA=new\nB="2"\n\n#A=3\n')
})

t.test('one that is new comes last, also after a line without an end', async (t) => {
  t.equal(withVariables('A=1', { B: '2' }), 'A=1\nB=2\n')
})

t.test('null takes it away, however often it stands there', async (t) => {
  t.equal(withVariables('A=1\nB=2\nA=3\n', { A: null }), 'B=2\n')
})

t.test('a line inside another\'s text is not taken for a variable', async (t) => {
  t.throws(() => withVariables('NOTE="\nA=1\n"\n', { A: '2' }), CliError)
})

t.test('what is set is what is read, and nothing else changes', async (t) => {
  const name = fc.constantFrom('A', 'B', 'C', 'CCPROXY_X')
  const value = fc.stringMatching(/^[ -~]{0,20}$/)
  fc.assert(fc.property(fc.dictionary(name, fc.stringMatching(/^[\w./-]{0,9}$/)), name, value, (before, changed, value) => {
    const text = Object.entries(before).map(([name, value]) => `# ${name}\n${name}=${value}\n`).join('')
    let after: string
    try {
      after = withVariables(text, { [changed]: value })
    } catch (error) {
      // A value that an env file cannot hold is refused.
      return error instanceof CliError
    }
    t.same({ ...parseEnv(after) }, { ...before, [changed]: value })
    return true
  }))
})

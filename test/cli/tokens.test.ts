import t from 'tap'
import { startCliWorld } from '../helpers/cli.ts'

t.test('token', async (t) => {
  const { url, run, json } = await startCliWorld(t)

  t.test('create writes the token alone to standard output, and what it is beside it', async (t) => {
    const { code, stdout, stderr } = await run(['token', 'create', 'laptop', '--expires-in', '2d', '--mode', 'api'])
    t.equal(code, 0)
    t.match(stdout, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/)
    t.match(stderr, /^\nToken "laptop" \([\w-]+\), mode api, ends in 2d \(\d{4}-\d\d-\d\d \d\d:\d\dZ\)\. It cannot be shown again\.\n$/)
    const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${stdout.trim()}` } })
    t.equal(answer.status, 200)
  })

  t.test('list shows it, and nothing of the token', async (t) => {
    const { code, stdout } = await run(['token', 'list'])
    t.equal(code, 0)
    t.match(stdout, /^ID +NAME +MODE +STATE +CREATED +ENDS +LAST USED\n[\w-]+ +laptop +api +valid +(?:now|\d+s ago) \(.*Z\) +in 2d \(.*Z\) /)
    t.notOk(stdout.includes('eyJ') || stdout.includes('\u001b'))
  })

  t.test('info tells a token\'s holder what it is good for', async (t) => {
    const { token } = await json(['token', 'create', 'holder'])
    t.match(await json(['token', 'info', '--file', '-'], { input: `${token}\n` }), { name: 'holder', mode: 'both', is_valid: true })
    const { stdout } = await run(['token', 'info'], { env: { CCPROXY_TOKEN: token } })
    t.match(stdout, /^Name +holder\nId +[\w-]+\nMode +both\nState +valid\n/)
  })

  t.test('revoke takes a name', async (t) => {
    const { code, stdout } = await run(['token', 'revoke', 'laptop'])
    t.equal(code, 0)
    t.match(stdout, /^Token "laptop" \([\w-]+\) is revoked\.\n$/)
    t.match((await run(['token', 'list'])).stdout, /laptop +api +revoked/)
  })

  t.test('revoke does not guess between two of one name', async (t) => {
    const ids = [(await json(['token', 'create', 'twin'])).id, (await json(['token', 'create', 'twin'])).id]
    const { code, stderr } = await run(['token', 'revoke', 'twin'])
    t.equal(code, 1)
    for (const id of ids) t.match(stderr, id)
    t.match(await json(['token', 'revoke', ids[0]]), { id: ids[0], name: 'twin' })
  })

  t.test('what does not exist is an error with the command that shows what does', async (t) => {
    const { code, stdout, stderr } = await run(['token', 'revoke', 'nobody'])
    t.same({ code, stdout }, { code: 1, stdout: '' })
    t.equal(stderr, 'No token has the id or the name "nobody"; `ccproxy token list` shows them all.\n')
  })

  t.test('the gateway\'s complaint about a field is told in its words', async (t) => {
    const { code, stderr } = await run(['token', 'create', 'x', '--expires-in', 'soon'])
    t.equal(code, 1)
    t.match(stderr, /^expires_in: must be a duration such as/)
  })
})

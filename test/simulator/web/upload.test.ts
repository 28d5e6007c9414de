import t from 'tap'
import { cookieOf, say, said, site, type Site } from './helpers.ts'

async function upload ({ url, key, organization }: Site, path = `/api/${organization}/upload`, type = 'image/png') {
  const form = new FormData()
  form.append('file', new Blob(['made-up pixels'], { type }), 'made-up.png')
  const response = await fetch(url + path, { method: 'POST', headers: cookieOf(key), body: form })
  return { status: response.status, body: await response.json() as { file_uuid: string } }
}

t.test('a file is kept', async (t) => {
  const here = await site(t)
  const { status, body } = await upload(here)
  t.equal(status, 200)
  t.match(body, { file_uuid: /^[\da-f-]{36}$/, file_name: 'made-up.png', file_kind: 'image', size_bytes: 14 })
  t.match(here.web.uploads.get(body.file_uuid), { key: here.key, organization: here.organization, mimeType: 'image/png' })
})

t.test('the newer path does the same', async (t) => {
  const here = await site(t)
  const path = `/api/organizations/${here.organization}/conversations/${here.begin().uuid}/wiggle/upload-file`
  t.match(await upload(here, path, 'application/pdf'), { status: 200, body: { success: true, file_kind: 'document' } })
})

t.test('a form without a file is 400', async (t) => {
  const { url, key, organization } = await site(t)
  const form = new FormData()
  form.append('text', 'no file')
  t.equal((await fetch(`${url}/api/${organization}/upload`, { method: 'POST', headers: cookieOf(key), body: form })).status, 400)
})

t.test('a foreign organisation takes no file', async (t) => {
  const here = await site(t)
  const [foreign] = here.web.organizations('sk-ant-sid01-made-up-bbbb')
  t.equal((await upload(here, `/api/${foreign!.uuid}/upload`)).status, 403)
})

t.test('an uploaded file is seen by the model', async (t) => {
  const here = await site(t)
  const { body: { file_uuid: uuid } } = await upload(here)
  t.match(said(await say(here, here.begin(), 'what have you seen?', { files: [uuid] })), '1 files')
})

t.test('an unknown file is 400, and another account\'s file is unknown', async (t) => {
  const here = await site(t)
  const { body: { file_uuid: uuid } } = await upload({ ...here, key: 'sk-ant-sid01-made-up-org-blue-bbbb', organization: here.web.organizations('sk-ant-sid01-made-up-org-blue-bbbb')[0]!.uuid })
  for (const file of ['11111111-1111-4111-8111-111111111111', uuid]) {
    t.equal((await say(here, here.begin(), 'say hi', { files: [file] })).status, 400)
  }
})

t.test('bytes are counted for each endpoint', async (t) => {
  const here = await site(t)
  await upload(here)
  t.ok(here.web.bytes.upload > 14)
  t.equal(here.web.bytes.completion, 0)
})

import t from 'tap'
import { demoGuide } from '../../src/simulator/demo-guide.ts'

const FACTS = { url: 'http://127.0.0.1:8080', token: 'made-up-token', adminKey: 'made-up-admin-key' }

t.test('Claude Code has its line', async (t) => {
  t.match(demoGuide(FACTS), '\nANTHROPIC_BASE_URL=http://127.0.0.1:8080 ANTHROPIC_AUTH_TOKEN=made-up-token claude\n')
})

t.test('an OpenAI client has its lines', async (t) => {
  t.match(demoGuide(FACTS), 'new OpenAI({ baseURL: \'http://127.0.0.1:8080/v1\', apiKey: \'made-up-token\' })')
})

import t from 'tap'
import { demoGuide } from '../../src/simulator/demo-guide.ts'

const FACTS = { url: 'http://127.0.0.1:8080', token: 'made-up-token', adminKey: 'made-up-admin-key', openai: false }

t.test('Claude Code has its line', async (t) => {
  t.match(demoGuide(FACTS), '\nANTHROPIC_BASE_URL=http://127.0.0.1:8080 ANTHROPIC_AUTH_TOKEN=made-up-token claude\n')
})

t.test('an OpenAI client is promised nothing that is not there', async (t) => {
  t.match(demoGuide(FACTS), 'does not serve /v1/chat/completions')
  t.notMatch(demoGuide(FACTS), 'new OpenAI')
})

t.test('an OpenAI client has its lines as soon as there is a route for it', async (t) => {
  t.match(demoGuide({ ...FACTS, openai: true }), 'new OpenAI({ baseURL: \'http://127.0.0.1:8080/v1\', apiKey: \'made-up-token\' })')
})

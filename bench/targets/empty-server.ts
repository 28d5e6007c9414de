/** A Fastify server that does nothing but say that it is there: what starting one costs at the least. */
import fastify from 'fastify'

const app = fastify({ logger: true })
app.get('/health', async () => ({ status: 'ok' }))
await app.listen({ host: '127.0.0.1', port: 0 })

// @fastify/http-proxy as its README has it, with as many connections as the others get.
import proxy from '@fastify/http-proxy'
import fastify from 'fastify'

const [upstream, port, connections] = process.argv.slice(2)
const app = fastify({ bodyLimit: 32 * 1024 * 1024 })
app.register(proxy, { upstream, undici: { connections: Number(connections), pipelining: 1, bodyTimeout: 0 } })
await app.listen({ host: '127.0.0.1', port: Number(port) })

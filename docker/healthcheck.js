// Asks the gateway whether it lives, for images that have no curl. Exit code 0 when it does.
const port = process.env.CCPROXY_SERVER_PORT ?? '8080'
const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(4_000) }).catch((error) => error)
if (answer.status === 200) process.exit(0)
console.error(`GET /health on port ${port}: ${answer.status ?? answer.message}`)
process.exit(1)

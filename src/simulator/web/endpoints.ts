/** The calls of the private API that are played. */
export const ENDPOINTS = [
  'organizations', 'bootstrap', 'usage', 'create', 'list', 'read', 'settings', 'delete', 'upload', 'completion', 'unknown'
] as const

export type Endpoint = typeof ENDPOINTS[number]

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Which call of claude.ai's API a route plays. */
    endpoint?: Endpoint
  }
}

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { GatewayError } from '../errors.ts'
import { forNobody } from './docs/operation.ts'
import { AnthropicError } from './schemas.ts'

const ADMIN_API = 'Anthropic\'s Admin API needs an admin key, which this gateway never holds; ask the owner of the organisation.'
const MANAGED_AGENTS = 'agents, their sessions and their memories belong to a whole workspace, so this gateway cannot keep one token\'s apart from another\'s.'
const PROFILES = 'user profiles belong to a whole workspace, so this gateway cannot keep one token\'s apart from another\'s.'

/** Parts of the Anthropic API that are refused, with the reason. Source of the names: `@anthropic-ai/sdk` 1.12. */
const REFUSED: Record<string, string> = {
  organizations: ADMIN_API,
  agents: MANAGED_AGENTS,
  sessions: MANAGED_AGENTS,
  environments: MANAGED_AGENTS,
  deployments: MANAGED_AGENTS,
  deployment_runs: MANAGED_AGENTS,
  dreams: MANAGED_AGENTS,
  memory_stores: MANAGED_AGENTS,
  vaults: MANAGED_AGENTS,
  tunnels: MANAGED_AGENTS,
  user_profiles: PROFILES
}

/** What is not served, so that nobody looks for a fault of their own. */
export const refusedRoutes: FastifyPluginAsyncTypebox = async (scope) => {
  // Whatever comes with the request, the answer is the same.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
  for (const [name, reason] of Object.entries(REFUSED)) {
    const refuse = async (): Promise<never> => {
      throw new GatewayError('permission_error', `/v1/${name} is not available here: ${reason}`, { code: 'not_available' })
    }
    for (const path of [`/${name}`, `/${name}/*`]) {
      scope.all(path, { schema: { ...forNobody(name, path.endsWith('*'), reason), response: { 403: AnthropicError } } }, refuse)
    }
  }
}

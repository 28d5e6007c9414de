import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { accountRoutes } from './account-routes.ts'
import { completionRoutes } from './completion.ts'
import type { WebControl } from './control.ts'
import { conversationRoutes } from './conversation-routes.ts'
import { uploadRoutes } from './upload-routes.ts'
import { admitTo } from './visit.ts'
import { refusal, WebError } from './web-error.ts'

/**
 * An offline claude.ai: what of its private API a client needs in order to chat. It takes any cookie `sessionKey` of the right form;
 * names in it choose plan, organisations, limits and faults (see `accounts.ts` and `faults.ts`). `web` shows and steers what happens.
 */
export async function claudeAi (app: FastifyInstance, { web }: { web: WebControl }): Promise<void> {
  // Whatever it calls itself, a body is taken as bytes first: they are counted before anything reads them.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.decorateRequest('visit')
  app.setErrorHandler(sendError)
  app.addHook('preValidation', admitTo(web))
  app.addHook('onClose', async () => web.holds.releaseAll())
  app.setNotFoundHandler({ preValidation: admitTo(web) }, () => { throw refusal('not_found_error', 'Not found') })
  app.register(accountRoutes)
  app.register(conversationRoutes)
  app.register(uploadRoutes)
  app.register(completionRoutes)
}

function sendError (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toWebError(thrown)
  if (error !== thrown) request.log.error(thrown)
  const type = typeof error.body === 'string' ? {} : { 'content-type': 'application/json' }
  return reply.code(error.statusCode).headers({ ...type, ...error.headers }).send(error.body)
}

function toWebError (thrown: unknown): WebError {
  if (thrown instanceof WebError) return thrown
  const { statusCode, message, code } = thrown as { statusCode?: number, message?: string, code?: string }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refusal('request_too_large', 'Request exceeds the maximum size')
  return statusCode === 400 ? refusal('invalid_request_error', message ?? 'Bad request') : refusal('api_error', 'Internal server error')
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problem } from '../problem.ts';
import type { RequestKind } from '../SimulatorStats.ts';
import type { ApiContext } from './ApiContext.ts';
import type { Credit } from './createCredit.ts';
import { createRateLimit, type RateLimitState } from './createRateLimit.ts';
import { requestKind } from './requestKind.ts';

const GETS_PER_MINUTE = 60_000;
const OTHERS_PER_MINUTE = 3_000;
const POOR_CREATES_PER_MINUTE = 6;

/** Counts every call, and lets in those that have the token and do not come too fast. */
export function guardCalls(api: FastifyInstance, { settings, counters }: ApiContext, credit: Credit): void {
  const { speed, createPerMinute, createBurst, rateLimitHeaders, token } = settings;
  const limits = {
    create: createRateLimit(createPerMinute * speed, createBurst),
    poor: createRateLimit(POOR_CREATES_PER_MINUTE * speed, 1),
    get: createRateLimit(GETS_PER_MINUTE * speed, GETS_PER_MINUTE),
    other: createRateLimit(OTHERS_PER_MINUTE * speed, OTHERS_PER_MINUTE),
  };
  const limitOf = (kind: RequestKind) => {
    if (kind === 'create') return credit.isLow() ? 'poor' : 'create';
    return kind === 'get' ? 'get' : 'other';
  };
  api.addHook('onRequest', async (request, reply) => {
    const kind = requestKind(request.method, request.url);
    counters.countRequest(kind);
    const isSigned = kind === 'file' && /\/download\?.*signature=/.test(request.url);
    if (!isSigned && !hasToken(request, token)) return unauthenticated(reply);
    if (kind === 'file') return;
    const limit = limitOf(kind);
    const state = limits[limit]();
    if (rateLimitHeaders) {
      reply.header('ratelimit-remaining', String(state.remaining));
      reply.header('ratelimit-reset', String(state.resetS));
    }
    if (state.isAllowed) return;
    counters.countRefusal();
    return tooFast(reply, state, limit === 'poor');
  });
}

function hasToken({ headers }: FastifyRequest, token: string): boolean {
  const [scheme = '', given = ''] = (headers.authorization ?? '').split(' ');
  return /^(bearer|token)$/i.test(scheme) && given === token;
}

function unauthenticated(reply: FastifyReply): FastifyReply {
  return problem(reply, {
    status: 401,
    title: 'Unauthenticated',
    detail: 'You did not pass a valid authentication token',
  });
}

function tooFast(reply: FastifyReply, { retryAfterS }: RateLimitState, isPoor: boolean): FastifyReply {
  const why = isPoor
    ? ' Your rate limit is reduced to 6 requests per minute with a burst of 1 request until you add credit.'
    : '';
  return problem(reply, {
    status: 429,
    detail: `Request was throttled.${why} Your rate limit resets in ~${retryAfterS}s.`,
    retry_after: retryAfterS,
  });
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Counters, RequestKind } from '../engine/counters.ts';
import { problem } from '../engine/faults.ts';
import type { ApiContext } from './context.ts';

const GETS_PER_MINUTE = 60_000;
const OTHERS_PER_MINUTE = 3_000;
const POOR_CREATES_PER_MINUTE = 6;

/** Counts every call, and refuses those without the token or above a rate limit. */
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
  const reason = isPoor
    ? ' Your rate limit is reduced to 6 requests per minute with a burst of 1 request until you add credit.'
    : '';
  return problem(reply, {
    status: 429,
    detail: `Request was throttled.${reason} Your rate limit resets in ~${retryAfterS}s.`,
    retry_after: retryAfterS,
  });
}

/** The credit of the account. */
export interface Credit {
  /** Returns true if credit is low, which lowers the limit of create requests. */
  isLow(): boolean;
  /** Returns true if no credit remains, so that create requests are refused. */
  isGone(): boolean;
}

const LOW_USD = 5;

/** Creates a credit in US dollars, from which all billed predictions are deducted. */
export function createCredit(creditUsd: number, counters: Counters): Credit {
  const leftUsd = () => creditUsd - counters.billedMicroUsd / 1_000_000;
  return { isLow: () => leftUsd() < LOW_USD, isGone: () => leftUsd() <= 0 };
}

/** The state of a rate limit after a call, as the headers of the response show it. */
interface RateLimitState {
  /** True if the call is within the limit. */
  readonly isAllowed: boolean;
  readonly remaining: number;
  /** Whole seconds until the bucket is full again. */
  readonly resetS: number;
  /** Whole seconds until there is room for one more, 1 or more. */
  readonly retryAfterS: number;
}

/**
 * Creates a rate limit as a token bucket, with at most `burst` calls at once. The returned function
 * takes a token if there is one. `now` is in ms.
 */
export function createRateLimit(
  perMinute: number,
  burst: number,
  now: () => number = () => performance.now(),
): () => RateLimitState {
  const perMs = perMinute / 60_000;
  let tokens = burst;
  let countedAtMs = now();
  return () => {
    const nowMs = now();
    tokens = Math.min(burst, tokens + (nowMs - countedAtMs) * perMs);
    countedAtMs = nowMs;
    const isAllowed = tokens >= 1;
    if (isAllowed) tokens -= 1;
    const secondsUntil = (wanted: number) => Math.ceil((wanted - tokens) / perMs / 1_000);
    return {
      isAllowed,
      remaining: Math.floor(tokens),
      resetS: secondsUntil(burst),
      retryAfterS: Math.max(1, secondsUntil(1)),
    };
  };
}

/** Returns the kind of a call to the API. */
function requestKind(method: string, url: string): RequestKind {
  const path = url.replace(/\?.*/, '');
  if (method === 'POST' && path.endsWith('/predictions')) return 'create';
  if (method === 'POST' && path.endsWith('/cancel')) return 'cancel';
  if (path === '/v1/predictions') return 'list';
  if (path.startsWith('/v1/predictions/')) return 'get';
  if (path.startsWith('/v1/models')) return 'model';
  return path.startsWith('/v1/files') ? 'file' : 'other';
}

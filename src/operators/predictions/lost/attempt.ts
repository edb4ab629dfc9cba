import type { OffsetBounds } from '../../../base/clockOffset.ts';
import { isRequest } from '../../../base/items/checkedRequest.ts';
import { expectOption } from '../../../base/options.ts';
import type { ClaimOwner, Prediction, PredictionRequest } from '../../../types.ts';
import { expectConfig } from '../../internal/options.ts';
import { isAtLeast, type Match } from '../matching/match.ts';
import { requestMatcher, type ShownRequest } from '../matching/matchRequest.ts';

/** A create request that was sent, with all by which its prediction can be known. */
export interface SentRequest {
  /** As it was sent; long data may be cut to its hash. */
  readonly request: PredictionRequest;
  /** Time just before it was sent, ms since 1970. */
  readonly sentAtMs: number;
  /** The same as time of day, which journals store. Default `sentAtMs`. */
  readonly wallMs?: number;
  /** Earliest time at which it can have been sent, if clocks are in doubt. Default `sentAtMs`. */
  readonly notBeforeMs?: number;
  /** Its own time limit at the service, which differs from that of other attempts; null: none. */
  readonly cancelAfterMs?: number | null;
  /** Address to which the service announces the end, with a query of its own; null: none. */
  readonly webhookUrl?: string | null;
  /** True if an earlier run sent it. Default false. */
  readonly isFromBefore?: boolean;
  /** The job that sent it, for claims that several processes share. Default: none. */
  readonly owner?: ClaimOwner | null;
}

/** A create request in flight, or one whose response was lost. */
export interface Attempt extends SentRequest {
  /** Set again when the request is sent: steps before it may take long. */
  sentAtMs: number;
  wallMs: number;
  /** Set by the job, once it is known which of its attempts this is; null: none. */
  owner: ClaimOwner | null;
  /** Time at which its response was lost, ms since 1970; null while it is in flight. */
  endedAtMs: number | null;
  /** Id in a response that was about another request. */
  answeredId: string | null;
  /** Returns how well a prediction shows the request. */
  readonly match: (shown: ShownRequest) => Match;
}

/** Returns an attempt of a create request that is about to be sent, or was sent. */
export function createAttempt(sent: SentRequest): Attempt {
  expectConfig(sent, 'request', 'sentAtMs');
  expectOption(isRequest(sent.request), 'request', 'an object with `model` and `input`', sent.request);
  const { request, sentAtMs, wallMs = sentAtMs, owner = null } = sent;
  return { ...sent, wallMs, owner, endedAtMs: null, answeredId: null, match: requestMatcher(request) };
}

/**
 * Returns true if the prediction of one attempt may be taken for that of the other: then all that
 * counts is that there are as many predictions as attempts.
 */
export function areAlike(one: Attempt, other: Attempt): boolean {
  return isAtLeast(one.match(shownBy(other)), 'same') || isAtLeast(other.match(shownBy(one)), 'same');
}

function shownBy({ request }: Attempt): ShownRequest {
  return { model: request.model, version: request.version ?? null, input: request.input };
}

/** Time by which a prediction may have been created after its response was lost. */
export const LATE_MS = 30_000;
const TOLERANCE_MS = 2_000;
/** Tolerance for the clock of an earlier run, which may have been corrected since. */
const EARLIER_RUN_MS = 60_000;

/**
 * Returns true if a prediction may have been created by the attempt, judged by the time of its
 * creation. True if that, or the service's clock, is unknown.
 */
export function fitsInTime(
  attempt: Attempt,
  { createdAt }: Pick<Prediction, 'createdAt'>,
  offset: OffsetBounds | null,
  toleranceMs = attempt.isFromBefore === true ? EARLIER_RUN_MS : TOLERANCE_MS,
): boolean {
  const createdMs = Date.parse(createdAt ?? '');
  if (offset === null || Number.isNaN(createdMs)) return true;
  const { sentAtMs, notBeforeMs = sentAtMs, endedAtMs } = attempt;
  const latestMs = (endedAtMs ?? Number.POSITIVE_INFINITY) + offset.mostMs + LATE_MS + toleranceMs;
  return createdMs >= notBeforeMs + offset.leastMs - toleranceMs && createdMs <= latestMs;
}

/** Largest difference between the clocks of a service's machines. */
export const SKEW_MS = 30_000;

/**
 * Returns true if a prediction may have been created soon after the attempt was sent. It is unknown
 * when the request of a killed run ended, so by `fitsInTime` alone it may have made the prediction
 * of an identical request of a later run.
 */
export function isSoonAfter(attempt: Attempt, prediction: Prediction, offset: OffsetBounds | null): boolean {
  return fitsInTime({ ...attempt, endedAtMs: attempt.sentAtMs }, prediction, offset);
}

/** The service gives some times in whole seconds: limits that differ by two are distinguishable. */
const LIFE_TOLERANCE_MS = 999;

/**
 * Returns true if a prediction shows the attempt's own time limit, false if it shows another one,
 * null if it shows none.
 */
function showsLimitOf(
  { cancelAfterMs = null }: SentRequest,
  { createdAt, deadline = '' }: Prediction,
): boolean | null {
  const lifeMs = Date.parse(deadline) - Date.parse(createdAt ?? '');
  if (cancelAfterMs === null || Number.isNaN(lifeMs)) return null;
  return Math.abs(lifeMs - 1_000 * Math.ceil(cancelAfterMs / 1_000)) <= LIFE_TOLERANCE_MS;
}

/**
 * Returns true if a prediction shows the attempt's own webhook address, false if it shows another
 * one, null if it shows none.
 */
function showsWebhookOf({ webhookUrl = null }: SentRequest, { webhook }: Prediction): boolean | null {
  return webhookUrl === null || webhook === undefined ? null : webhook === webhookUrl;
}

/** A part of a request that differs from attempt to attempt. */
export type Mark = 'limit' | 'webhook';

export const MARKS: readonly Mark[] = ['limit', 'webhook'];

/** Return whether a prediction shows a mark of the attempt; null if it shows none. */
export const showsMark = { limit: showsLimitOf, webhook: showsWebhookOf } as const;

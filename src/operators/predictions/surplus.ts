import type { OffsetBounds } from '../../base/clockOffset.ts';
import { createOccurrences } from '../../base/items/occurrences.ts';
import type { Prediction } from '../../types.ts';
import type { SentRequest } from './lost/attempt.ts';
import { requestDigest } from './matching/matchRequest.ts';

/** Finds the predictions that a run has paid for and no job of it uses. */
export interface Surplus {
  /** Notes a create request of this run, or of an earlier one whose predictions count too. */
  sent(request: SentRequest): void;
  /** Notes the prediction of a job that was dropped: it belongs to no job, though it is claimed. */
  drop(id: string): void;
  /** Notes an open request whose prediction, if there is one, still belongs to its job. */
  left(request: SentRequest): void;
  /** Returns true if there may be predictions to find: a request was noted, or a dropped job. */
  isNeeded(): boolean;
  /** Notes that such a request is settled: found, or proved to have made nothing. */
  settled(request: SentRequest): void;
  /**
   * Looks at a prediction of a list; the same one may come again. Returns false if it should come
   * again with its input, which the list leaves out.
   */
  see(prediction: Prediction): boolean;
  /** Returns those that were made by a noted request, and belong to no job, oldest first. */
  result(): readonly Prediction[];
}

interface SurplusConfig {
  /** Returns true if a prediction belongs to a job. */
  isClaimed: (id: string) => boolean;
  /** Start of the run, by the clock of the scheduler, as in `sentAtMs`. */
  sinceMs: number;
  /** Returns the service's clock, compared with the local one; null: nothing is known. */
  offset: () => OffsetBounds | null;
  /** Returns the parts of a request that the service is known to show again. */
  shows: () => { readonly limit: boolean | null; readonly webhook: boolean | null };
}

/** Error of a time while nothing is known of the service's clock. */
const TOLERANCE_MS = 2_000;
/** The same once it is known: its machines may differ, and a time in whole seconds may be cut. */
const KNOWN_MS = 250;
const CUT_MS = 1_000;

/**
 * Creates a counter of surplus predictions: a proxy that repeats a create request makes two for one
 * job, and only the list shows the other one. It holds some 16 to 64 bytes a request, and the
 * predictions that it has found.
 *
 * A prediction counts if a request of the run had its model, prompt and seed. If the service shows
 * the time limit or the webhook of requests, these must be of the run, too: another run may have
 * the same prompts.
 */
export function createSurplus({ isClaimed, sinceMs, offset, shows }: SurplusConfig): Surplus {
  const requests = createOccurrences();
  let isSent = false;
  const left = new Set<SentRequest>();
  const dropped = new Set<string>();
  let firstSentMs = sinceMs;
  const seen = new Map<string, { readonly prediction: Prediction; readonly digest: string }>();

  const isOfRun = (prediction: Prediction, digest: string): boolean => {
    if (requests.timesOf(digest) === 0) return false;
    const { limit, webhook } = shows();
    const lifeS = lifeOf(prediction);
    const isLimitOfRun = (seconds: number) =>
      [0, -1, 1].some((more) => requests.timesOf(withLimit(digest, seconds + more)) > 0);
    if (limit === true && lifeS !== null && !isLimitOfRun(lifeS)) return false;
    const { webhook: url } = prediction;
    return webhook !== true || url === undefined || requests.timesOf(`${digest}${url}`) > 0;
  };
  return {
    isNeeded: () => isSent || dropped.size > 0,
    sent({ request, sentAtMs, cancelAfterMs = null, webhookUrl = null }) {
      firstSentMs = Math.min(firstSentMs, sentAtMs);
      const digest = requestDigest(request);
      isSent = true;
      requests.count(digest);
      if (cancelAfterMs !== null) requests.count(withLimit(digest, Math.ceil(cancelAfterMs / 1_000)));
      if (webhookUrl !== null) requests.count(`${digest}${webhookUrl}`);
    },
    drop(id) {
      dropped.add(id);
    },
    left(request) {
      left.add(request);
    },
    settled(request) {
      left.delete(request);
    },
    see(prediction) {
      const { id, input, createdAt, dataRemoved } = prediction;
      if (dropped.has(id)) seen.set(id, { prediction, digest: '' });
      const createdMs = Date.parse(createdAt ?? '');
      if (isClaimed(id) || createdMs < firstSentMs - earlyMs(createdMs, offset())) return true;
      if (input === null) return dataRemoved;
      // The service may fill in a seed that was not sent.
      const digests = [requestDigest(prediction), requestDigest(prediction, { withSeed: false })];
      const digest = digests.find((one) => isOfRun(prediction, one));
      if (digest !== undefined) seen.set(id, { prediction, digest });
      return true;
    },
    result() {
      const kept = new Map<string, number>();
      for (const { request } of left) {
        const digest = requestDigest(request);
        kept.set(digest, (kept.get(digest) ?? 0) + 1);
      }
      const oldestFirst = [...seen.values()]
        .filter(({ prediction: { id } }) => dropped.has(id) || !isClaimed(id))
        .toSorted((one, other) => createdMsOf(one.prediction) - createdMsOf(other.prediction));
      return oldestFirst
        .filter(({ digest }) => {
          const count = kept.get(digest) ?? 0;
          kept.set(digest, count - 1);
          return count <= 0;
        })
        .map(({ prediction }) => prediction);
    },
  };
}

/** Returns how much less than its create request's local time a prediction's time may be. */
function earlyMs(createdMs: number, offset: OffsetBounds | null): number {
  if (offset === null) return TOLERANCE_MS;
  return KNOWN_MS + (createdMs % 1_000 === 0 ? CUT_MS : 0) - offset.leastMs;
}

function withLimit(digest: string, seconds: number): string {
  return `${digest}${seconds}s`;
}

/** Returns the time limit that a prediction shows, in whole seconds; null if it shows none. */
function lifeOf({ createdAt, deadline = '' }: Prediction): number | null {
  const lifeMs = Date.parse(deadline) - Date.parse(createdAt ?? '');
  return Number.isNaN(lifeMs) ? null : Math.round(lifeMs / 1_000);
}

function createdMsOf({ createdAt }: Prediction): number {
  const createdMs = Date.parse(createdAt ?? '');
  return Number.isNaN(createdMs) ? 0 : createdMs;
}

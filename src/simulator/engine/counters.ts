import type { SimulatedPrediction } from './simulatedPrediction.ts';

/** Predictions of a simulator so far. */
export interface PredictionStats {
  /** Predictions created. */
  readonly created: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
  readonly aborted: number;
  /** Predictions that are not final yet. */
  readonly inFlight: number;
  /** The most predictions that were in flight at once. */
  readonly maxInFlight: number;
  /** Output files made. */
  readonly images: number;
  readonly billedMicroUsd: number;
}

/** Calls to and from a simulator so far. */
export interface CallStats {
  /** Calls to the API by kind, refused ones included. */
  readonly requests: Readonly<Record<RequestKind, number>>;
  /** The sum of `requests`. Downloads of outputs are not included. */
  readonly apiRequests: number;
  /** Calls refused by the rate limits. */
  readonly refused429: number;
  readonly downloads: number;
  /** Downloads that carried credentials. A client should never send any to the file host. */
  readonly tokensAtFileHost: number;
  /** POSTs of webhooks, repeated ones included. */
  readonly webhooks: number;
}

/** Everything that a simulator has counted so far. */
export interface SimulatorStats extends PredictionStats, CallStats {}

/** The kinds of calls to the API. */
export type RequestKind = 'create' | 'get' | 'list' | 'cancel' | 'model' | 'file' | 'other';

/** A status that no longer changes. */
export type FinalStatus = 'succeeded' | 'failed' | 'canceled' | 'aborted';

/** Running totals, so that `snapshot` need not walk through all predictions. */
export interface Counters {
  countRequest(kind: RequestKind): void;
  /** Counts a call that a rate limit refused. */
  countRefusal(): void;
  countDownload(hasCredentials: boolean): void;
  countWebhook(): void;
  countCreated(): void;
  countEnded(prediction: SimulatedPrediction, status: FinalStatus): void;
  readonly billedMicroUsd: number;
  snapshot(): SimulatorStats;
}

/** Creates counters that are all 0. */
export function createCounters(): Counters {
  const requests = { create: 0, get: 0, list: 0, cancel: 0, model: 0, file: 0, other: 0 };
  const predictions = { created: 0, succeeded: 0, failed: 0, canceled: 0, aborted: 0 };
  const seen = { inFlight: 0, maxInFlight: 0, images: 0, billedMicroUsd: 0 };
  const met = { refused429: 0, downloads: 0, tokensAtFileHost: 0, webhooks: 0 };
  return {
    countRequest(kind) {
      requests[kind] += 1;
    },
    countRefusal() {
      met.refused429 += 1;
    },
    countDownload(hasCredentials) {
      met.downloads += 1;
      if (hasCredentials) met.tokensAtFileHost += 1;
    },
    countWebhook() {
      met.webhooks += 1;
    },
    countCreated() {
      predictions.created += 1;
      seen.inFlight += 1;
      seen.maxInFlight = Math.max(seen.maxInFlight, seen.inFlight);
    },
    countEnded({ outputs, costMicroUsd, model }, status) {
      predictions[status] += 1;
      seen.inFlight -= 1;
      seen.images += model.output === 'text' ? 0 : outputs.length;
      seen.billedMicroUsd += costMicroUsd;
    },
    get billedMicroUsd() {
      return seen.billedMicroUsd;
    },
    snapshot() {
      const apiRequests = Object.values(requests).reduce((sum, count) => sum + count, 0);
      return { requests: { ...requests }, apiRequests, ...predictions, ...seen, ...met };
    },
  };
}

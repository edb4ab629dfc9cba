import type { WebhookEvent } from '../SimulatedPrediction.ts';

/** How a service behaves towards those who receive its webhooks. */
export interface WebhookManners {
  /** What is told of where a create names no events. */
  readonly defaultEvents: readonly WebhookEvent[];
  /** Signs with `whsec_…`; null: not signed. */
  readonly secret: string | null;
  /** Tries of the last webhook of a prediction, the first included. The others have one. */
  readonly tries: number;
  /** Wait before the second of them; doubles each time. */
  readonly retryMs: number;
  /** Whether to try again after this answer. Where none came, it always is. */
  readonly isRetried: (status: number) => boolean;
  /** How long an answer is waited for, in real ms whatever the speed. */
  readonly timeoutMs: number;
}

import { signingSecret } from '../api/signingSecret.ts';
import type { WebhookManners } from './WebhookManners.ts';

/** Replicate's: signed after Standard Webhooks; the last of the tries comes 63 s after completion. */
export const replicateWebhooks: WebhookManners = {
  defaultEvents: ['output', 'completed'],
  secret: signingSecret,
  tries: 7,
  retryMs: 1_000,
  isRetried: (status) => status >= 400,
  timeoutMs: 5_000,
};

import type { WebhookManners } from './WebhookManners.ts';

const RETRIED: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** Cog's: unsigned, of everything unless told otherwise; the last one is tried again twelve times. */
export const cogWebhooks: WebhookManners = {
  defaultEvents: ['start', 'output', 'logs', 'completed'],
  secret: null,
  tries: 1 + 12,
  retryMs: 100,
  isRetried: (status) => RETRIED.has(status),
  timeoutMs: 30_000,
};

import { webhookSignature } from '../../webhookSignature.ts';

/** The headers of a webhook: signed after Standard Webhooks where there is a secret, each try with its own time. */
export function webhookHeaders(id: string, body: string, secret: string | null): Record<string, string> {
  const headers = { 'content-type': 'application/json' };
  if (secret === null) return headers;
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = webhookSignature({ id, timestamp, body }, key).toString('base64');
  return {
    ...headers,
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}

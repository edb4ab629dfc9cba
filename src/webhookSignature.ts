import { createHmac } from 'node:crypto';

/** What the signature of a webhook covers, after Standard Webhooks. */
export interface SignedWebhook {
  /** The header `webhook-id`. */
  readonly id: string;
  /** The header `webhook-timestamp`: seconds since 1970, as sent. */
  readonly timestamp: string;
  readonly body: string | Buffer;
}

/** The HMAC-SHA256 of a webhook under a key (what follows `whsec_`, base64-decoded): the bytes behind `v1,` in its header. */
export function webhookSignature({ id, timestamp, body }: SignedWebhook, key: Buffer): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { createCaller, expectCredentials, replicateBaseUrl } from './caller.ts';
import type { ReplicateProviderConfig } from './replicateProvider.ts';

const answer = z.looseObject({ key: z.string().min(1) });

/**
 * The secret with which the service signs the account's webhooks, asked for once per subscription.
 *
 * Throws `UsageError` for a token or base URL that cannot be one; emits `ProviderError`s as a provider does.
 */
export function fetchWebhookSecret(config: ReplicateProviderConfig): Observable<string> {
  const { token, baseUrl = replicateBaseUrl, now = Date.now } = config;
  expectCredentials(token, baseUrl);
  const call = createCaller({ ...config, baseUrl, now, onHeaders: () => {} });
  return call({
    ask: (client, signal) => client.webhooks.default.secret.get({ signal }),
    read: (body) => answer.parse(body).key,
  });
}

interface WebhookVerifierConfig {
  /** The signing secret, `whsec_…`. */
  secret: string;
  /** How far the time of a webhook may be from ours, either way. */
  toleranceMs: number;
  /** The local clock, ms since 1970. */
  now: () => number;
}

/** Tells webhooks of the service from all others, after Standard Webhooks. */
export interface WebhookVerifier {
  /** Whether the headers are complete and of our time: worth reading the body for. */
  isPlausible(headers: IncomingHttpHeaders): boolean;
  isSigned(headers: IncomingHttpHeaders, body: Buffer): boolean;
}

/** Throws `UsageError` where the secret is none; never repeats it. */
export function createWebhookVerifier({ secret, toleranceMs, now }: WebhookVerifierConfig): WebhookVerifier {
  const key = keyOf(secret);
  return {
    isPlausible({ 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }) {
      if (!isText(id) || !isText(signature) || !/^\d{1,12}$/.test(String(timestamp))) return false;
      return Math.abs(now() - Number(timestamp) * 1_000) <= toleranceMs;
    },
    isSigned({ 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures }, body) {
      const right = webhookSignature({ id: String(id), timestamp: String(timestamp), body }, key);
      // Several while the secret is being changed: one for each of the two.
      return String(signatures)
        .split(' ')
        .filter((signature) => signature.startsWith('v1,'))
        .map((signature) => Buffer.from(signature.slice('v1,'.length), 'base64'))
        .some((given) => given.length === right.length && timingSafeEqual(given, right));
    },
  };
}

function keyOf(secret: string): Buffer {
  const [, encoded = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const key = Buffer.from(encoded, 'base64');
  if (key.length > 0) return key;
  throw new UsageError('Expected `secret` to be whsec_ and base64, got something else', {
    suggestion: 'fetchWebhookSecret gives the one of the account.',
  });
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** What the signature of a webhook covers, after Standard Webhooks. */
interface SignedWebhook {
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

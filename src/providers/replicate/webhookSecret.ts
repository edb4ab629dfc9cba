import { createHmac, type Hmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { createCaller, expectCredentials, replicateBaseUrl } from './caller.ts';
import type { ReplicateProviderConfig } from './replicateProvider.ts';

const secretBody = z.looseObject({ key: z.string().min(1) });

/**
 * Fetches the secret that signs the account's webhooks, once per subscription.
 *
 * Throws `UsageError` for a malformed token or base URL; emits the `ProviderError`s of a provider.
 */
export function fetchWebhookSecret(config: ReplicateProviderConfig): Observable<string> {
  const { token, baseUrl = replicateBaseUrl, now = Date.now } = config;
  expectCredentials(token, baseUrl);
  const call = createCaller({ ...config, baseUrl, now, onHeaders: () => {} });
  return call({
    send: (client, signal) => client.webhooks.default.secret.get({ signal }),
    read: (body) => secretBody.parse(body).key,
  });
}

interface WebhookVerifierConfig {
  /** The signing secret, `whsec_…`. */
  secret: string;
  /** Largest difference between the time of a webhook and the local time, either way. */
  toleranceMs: number;
  /** The local clock, ms since 1970. */
  now: () => number;
}

/** Recognizes genuine webhooks of the service, after Standard Webhooks. */
export interface WebhookVerifier {
  /**
   * Returns true if the headers are complete and their time is close to the local time: the body is
   * worth reading.
   */
  isPlausible(headers: IncomingHttpHeaders): boolean;
  /** Returns true if a signature in the headers matches the body. */
  isSigned(headers: IncomingHttpHeaders, body: Buffer): boolean;
  /** Begins the check of a body that comes in chunks. */
  check(headers: IncomingHttpHeaders): SignatureCheck;
}

/** The check of one body: it is hashed while it comes. */
interface SignatureCheck {
  update(chunk: Buffer): void;
  /** Returns true if a signature in the headers matches the whole body. To be called once. */
  matches(): boolean;
}

/**
 * Creates a verifier. Throws `UsageError` if the secret is malformed; its message does not repeat
 * the secret.
 */
export function createWebhookVerifier({ secret, toleranceMs, now }: WebhookVerifierConfig): WebhookVerifier {
  const key = keyOf(secret);
  const check: WebhookVerifier['check'] = (headers) => {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
    const hmac = signatureHmac({ id: String(id), timestamp: String(timestamp) }, key);
    return {
      update: (chunk) => hmac.update(chunk),
      matches: () => isAmong(String(signatures), hmac.digest()),
    };
  };
  return {
    check,
    isPlausible({ 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }) {
      if (!isText(id) || !isText(signature) || !/^\d{1,12}$/.test(String(timestamp))) return false;
      return Math.abs(now() - Number(timestamp) * 1_000) <= toleranceMs;
    },
    isSigned(headers, body) {
      const whole = check(headers);
      whole.update(body);
      return whole.matches();
    },
  };
}

/** While the secret is being changed there are two signatures, one for each secret. */
function isAmong(signatures: string, expected: Buffer): boolean {
  return signatures
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice('v1,'.length), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

function keyOf(secret: string): Buffer {
  const [, encoded = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const key = Buffer.from(encoded, 'base64');
  if (key.length > 0) return key;
  throw new UsageError('Expected `secret` to be whsec_ and base64, got something else', {
    suggestion: 'Use the secret that fetchWebhookSecret returns for your account.',
  });
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** The content that the signature of a webhook covers, after Standard Webhooks. */
interface SignedWebhook {
  /** The header `webhook-id`. */
  readonly id: string;
  /** The header `webhook-timestamp`: seconds since 1970, as sent. */
  readonly timestamp: string;
  readonly body: string | Buffer;
}

/**
 * Returns the HMAC-SHA256 of a webhook: the bytes after `v1,` in its header. The key is the
 * base64-decoded text after `whsec_`.
 */
export function webhookSignature({ body, ...named }: SignedWebhook, key: Buffer): Buffer {
  return signatureHmac(named, key).update(body).digest();
}

function signatureHmac({ id, timestamp }: Omit<SignedWebhook, 'body'>, key: Buffer): Hmac {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`);
}

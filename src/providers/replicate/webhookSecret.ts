import { createHmac, type Hmac, timingSafeEqual } from 'node:crypto';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { createCaller } from './caller.ts';
import { accountOf } from './credentials.ts';
import type { ReplicateProviderConfig } from './replicateProvider.ts';

const secretBody = z.looseObject({ key: z.string().min(1) });

/**
 * Fetches the secret that signs the account's webhooks, once per subscription.
 *
 * Throws `UsageError` for a missing or malformed token or base URL; emits the `ProviderError`s of a
 * provider.
 */
export function fetchWebhookSecret(config: ReplicateProviderConfig = {}): Observable<string> {
  const { now = Date.now } = config;
  const call = createCaller({ ...config, ...accountOf(config), now, onHeaders: () => {} });
  return call({
    send: (client, signal) => client.webhooks.default.secret.get({ signal }),
    read: (body) => secretBody.parse(body).key,
  });
}

export interface WebhookVerifierConfig {
  /**
   * The signing secret, `whsec_…`; several while it is being changed, any of which may have signed.
   */
  secret: string | readonly string[];
  /**
   * Largest difference between the time of a webhook and the local time, either way. Default
   * 300,000.
   */
  toleranceMs?: number;
  /** The local clock, ms since 1970. Default Date.now. */
  now?: () => number;
}

/** The headers of a request: those of Node, Express and Fastify, or of a fetch-style `Request`. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Recognizes genuine webhooks of the service, after Standard Webhooks. */
export interface WebhookVerifier {
  /**
   * Returns true if the headers are complete and their time is close to the local time: the body is
   * worth reading.
   */
  isPlausible(headers: WebhookHeaders): boolean;
  /**
   * Returns true if the headers are plausible and a signature in them matches the body, as it was
   * received: byte by byte, not parsed and serialized again.
   */
  isGenuine(headers: WebhookHeaders, body: Uint8Array): boolean;
  /** Begins the check of the signature of a body that comes in chunks. */
  check(headers: WebhookHeaders): SignatureCheck;
}

/** The check of one body: it is hashed while it comes. */
export interface SignatureCheck {
  update(chunk: Uint8Array): void;
  /** Returns true if a signature in the headers matches the whole body. To be called once. */
  matches(): boolean;
}

/**
 * Creates a verifier. It keeps no memory: a webhook that is recorded and sent again within the
 * tolerance is genuine too. Throws `UsageError` if a secret is malformed; its message does not
 * repeat the secret.
 */
export function createWebhookVerifier(config: WebhookVerifierConfig): WebhookVerifier {
  const { secret, toleranceMs = 300_000, now = Date.now } = config;
  const keys = [secret].flat().map(keyOf);
  if (keys.length === 0) throw wrongSecret('nothing');
  const check: WebhookVerifier['check'] = (headers) => {
    const { id, timestamp, signature } = signedHeaders(headers);
    const hmacs = keys.map((key) => signatureHmac({ id: String(id), timestamp: String(timestamp) }, key));
    return {
      update: (chunk) => {
        for (const hmac of hmacs) hmac.update(chunk);
      },
      matches: () => {
        const wanted = hmacs.map((hmac) => hmac.digest());
        return wanted.some((digest) => isAmong(String(signature), digest));
      },
    };
  };
  const isPlausible: WebhookVerifier['isPlausible'] = (headers) => {
    const { id, timestamp, signature } = signedHeaders(headers);
    if (!isText(id) || !isText(signature) || !/^\d{1,12}$/.test(String(timestamp))) return false;
    return Math.abs(now() - Number(timestamp) * 1_000) <= toleranceMs;
  };
  return {
    check,
    isPlausible,
    isGenuine(headers, body) {
      if (!isPlausible(headers)) return false;
      const whole = check(headers);
      whole.update(body);
      return whole.matches();
    },
  };
}

function signedHeaders(headers: WebhookHeaders) {
  return {
    id: headerOf(headers, 'webhook-id'),
    timestamp: headerOf(headers, 'webhook-timestamp'),
    signature: headerOf(headers, 'webhook-signature'),
  };
}

/** Returns a header, in upper or lower case; undefined if it is missing. */
export function headerOf(headers: WebhookHeaders, name: string): unknown {
  if (isFetchHeaders(headers)) return headers.get(name) ?? undefined;
  if (headers[name] !== undefined) return headers[name];
  return Object.entries(headers).find(([other]) => other.toLowerCase() === name)?.[1];
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
  if (key.length === 0) throw wrongSecret('something else');
  return key;
}

function wrongSecret(got: string): UsageError {
  return new UsageError(`Expected \`secret\` to be whsec_ and base64, got ${got}`, {
    suggestion: 'Use the secret that fetchWebhookSecret returns for your account.',
  });
}

/** By its method, because servers bring classes of their own. */
function isFetchHeaders(headers: WebhookHeaders): headers is Headers {
  return typeof headers.get === 'function';
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

import { concat, defer, from, Observable, Subject } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { createRedact } from '../../base/secrets.ts';
import { UsageError } from '../../errors.ts';
import type { PredictionEvents } from '../../ports.ts';
import type { Prediction, PredictionEvent } from '../../types.ts';
import { createWebhookVerifier, type WebhookVerifier } from './webhookSecret.ts';
import type { Webhook } from './webhookServer.ts';

export interface WebhookReceiverConfig {
  /** The signing secret of the account, `whsec_…`, from `fetchWebhookSecret`. */
  secret?: string;
  /**
   * True instead of a secret: accepts every webhook without a signature, because Cog signs none.
   * Default false.
   */
  unsigned?: boolean;
  /** Credentials to remove from what webhooks say, besides the secret. Default: none. */
  secrets?: readonly string[];
  /**
   * Called once if the first three webhooks were all refused: their signatures do not fit. Default:
   * no-op.
   */
  onAllRefused?: () => void;
  /**
   * The URL at which the service reaches this machine, such as that of a tunnel or proxy. Default:
   * the local address.
   */
  publicUrl?: string;
  /**
   * Address to listen on. Default 127.0.0.1: only programs on this machine, such as a tunnel, can
   * connect.
   */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /**
   * Longest body that is accepted. Default 10,000,000: a body has a whole prediction, `data:` URLs
   * included. All bodies that are being received take at most 64 MB.
   */
  maxBytes?: number;
  /**
   * Largest difference between the time of a webhook and the local time, either way. Default
   * 300,000.
   */
  toleranceMs?: number;
  /** The local clock, ms since 1970. Default Date.now. */
  now?: () => number;
}

/**
 * Number of webhooks and of ended predictions that are remembered. It suffices to notice repeats
 * within the tolerance at up to 300 webhooks a second, in some 10 MB.
 */
const REMEMBERED = 100_000;

/**
 * Number of events that a new subscriber gets: a quick prediction may end before the response to
 * its create request.
 */
const REPLAYED = 100;
/** Age up to which they are replayed. */
const REPLAYED_MS = 5_000;
/** Size of all of them: outputs may be `data:` URLs. */
const REPLAYED_BYTES = 8_000_000;
/** Refused webhooks without an accepted one that are no single forgery. */
const MANY_REFUSED = 3;

/**
 * Creates a server for the service's webhooks. Emits its URL and events once it listens, and
 * listens until you unsubscribe.
 *
 *     listening           (r             r: { url, events }
 *     webhooks            -a-a-X-b-a-    each a prediction; the second a is a repeat, X is forged, the last a comes after its end
 *     r.events            -a-----b---
 *     port taken          #
 *
 * Responds to each webhook at once: 204 if it is genuine, even if it is a repeat, late or no longer
 * needed; 401 with an empty body if a header is missing, the time differs too much or no signature
 * matches; 413 if it is too large; 503 if too many others are being received. See
 * `createBodyReader` and `webhookServer` for what an unsigned request can take.
 *
 * Throws `UsageError` for a wrong option. Emits `UsageError` if it cannot listen.
 */
export function createWebhookReceiver(config: WebhookReceiverConfig): Observable<PredictionEvents> {
  const { publicUrl, host = '127.0.0.1', port = 0, maxBytes = 10_000_000 } = config;
  const verifier = readVerifier(config);
  if (publicUrl !== undefined && !/^https?:$/.test(URL.parse(publicUrl)?.protocol ?? '')) {
    throw new UsageError(
      `Expected \`publicUrl\` to begin with https:// or http://, got ${JSON.stringify(publicUrl)}`,
    );
  }
  return new Observable((subscriber) => {
    const live = new Subject<PredictionEvent>();
    const recent = createRecentEvents();
    const events = defer(() => concat(from(recent.list()), live));
    const isNews = createNewsFilter();
    const onWebhook = ({ id, event, bytes }: Webhook) => {
      accepted += 1;
      if (!isNews(id, event.prediction)) return;
      recent.add(event, bytes);
      live.next(event);
    };
    const redact = createRedact([config.secret, ...(config.secrets ?? [])]);
    let [accepted, refused] = [0, 0];
    const onRefused = () => {
      refused += 1;
      if (accepted === 0 && refused === MANY_REFUSED) config.onAllRefused?.();
    };
    const opening = import('./webhookServer.ts').then(({ webhookServer }) =>
      webhookServer({ verifier, maxBytes, redact, onWebhook, onRefused }),
    );
    const listening = opening.then((server) => server.listen({ host, port }));
    listening.then(
      (address) => subscriber.next({ url: publicUrl ?? `${address}/`, events }),
      (error: unknown) => subscriber.error(listenError(host, port, error)),
    );
    return () => {
      live.complete();
      // A server cannot be closed before it listens.
      void listening.catch(() => {}).then(async () => (await opening).close());
    };
  });
}

function readVerifier(config: WebhookReceiverConfig): WebhookVerifier | null {
  const { secret, unsigned = false, toleranceMs = 300_000, now = Date.now } = config;
  if (unsigned === (secret !== undefined)) {
    throw new UsageError(
      unsigned
        ? '`secret` and `unsigned` cannot be used together.'
        : 'Webhooks need either `secret` or `unsigned`.',
    );
  }
  return secret === undefined ? null : createWebhookVerifier({ secret, toleranceMs, now });
}

/** Creates a filter that accepts a webhook only once, and only until its prediction has ended. */
function createNewsFilter(): (id: string | null, prediction: Prediction) => boolean {
  const seen = createRecentIds(REMEMBERED);
  const ended = createRecentIds(REMEMBERED);
  return (id, { id: predictionId, status }) => {
    if (id !== null && !seen.add(id)) return false;
    const isFinal = status !== 'starting' && status !== 'processing' && status !== 'unknown';
    return isFinal ? ended.add(predictionId) : !ended.has(predictionId);
  };
}

function listenError(host: string, port: number, error: unknown): UsageError {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return new UsageError(`Cannot listen for webhooks on port ${port} of ${host}: ${reason}`, {
    suggestion: 'Choose another port, or end the program that uses it.',
    cause: error,
  });
}

/** The events of the last moments. */
interface RecentEvents {
  add(event: PredictionEvent, bytes: number): void;
  /** Returns them, the oldest first. */
  list(): readonly PredictionEvent[];
}

function createRecentEvents(): RecentEvents {
  let recent: { readonly event: PredictionEvent; readonly bytes: number; readonly atMs: number }[] = [];
  const forgetOld = () => {
    const sinceMs = monotonicScheduler.now() - REPLAYED_MS;
    recent = recent.slice(-REPLAYED).filter(({ atMs }) => atMs >= sinceMs);
    let bytes = recent.reduce((sum, one) => sum + one.bytes, 0);
    while (bytes > REPLAYED_BYTES) bytes -= recent.shift()?.bytes ?? bytes;
  };
  return {
    add(event, bytes) {
      recent.push({ event, bytes, atMs: monotonicScheduler.now() });
      forgetOld();
    },
    list() {
      forgetOld();
      return recent.map(({ event }) => event);
    },
  };
}

/** A set of the ids that were added last. */
interface RecentIds {
  /** Adds an id; returns false if it is there already. */
  add(id: string): boolean;
  has(id: string): boolean;
}

/** Creates a set that holds up to `capacity` ids and drops the oldest beyond that. */
export function createRecentIds(capacity: number): RecentIds {
  // A Set keeps the order of insertion.
  const ids = new Set<string>();
  return {
    add(id) {
      if (ids.has(id)) return false;
      ids.add(id);
      const [oldest] = ids;
      if (ids.size > capacity && oldest !== undefined) ids.delete(oldest);
      return true;
    },
    has: (id) => ids.has(id),
  };
}

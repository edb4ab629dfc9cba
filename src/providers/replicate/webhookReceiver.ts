import { Observable } from 'rxjs';
import { expectOptions, type OptionRules, optionRules } from '../../base/options.ts';
import { createRedact } from '../../base/secrets.ts';
import { UsageError } from '../../errors.ts';
import type { PredictionEvents } from '../../ports.ts';
import type { PredictionEvent } from '../../types.ts';
import { createWebhookEvents, expectPublicUrl, type Webhook } from './webhookEvents.ts';
import { handlerRules } from './webhookHandler.ts';
import { createWebhookVerifier, type WebhookVerifier } from './webhookSecret.ts';

export interface WebhookReceiverConfig {
  /**
   * The signing secret of the account, `whsec_…`, from `fetchWebhookSecret`; several while it is
   * being changed.
   */
  secret?: string | readonly string[];
  /**
   * True instead of a secret: accepts every webhook without a signature, because Cog signs none.
   * Default false.
   */
  unsigned?: boolean;
  /** Credentials to remove from the content of webhooks, besides the secret. Default: none. */
  secrets?: readonly string[];
  /**
   * Stores a genuine webhook, repeats included, before it is responded to. If it rejects, the
   * response is 503, and the service sends the webhook again. Default: no-op.
   */
  store?: (event: PredictionEvent) => Promise<void>;
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

const rules: OptionRules<WebhookReceiverConfig> = {
  ...handlerRules,
  unsigned: optionRules.flag,
  store: optionRules.task,
  onAllRefused: optionRules.task,
  publicUrl: optionRules.string,
  host: optionRules.text,
  port: optionRules.countFrom0,
};

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
 * `createBodyReader` and `webhookServer` for the limits of an unsigned request.
 *
 * Throws `UsageError` for a wrong secret or URL, and for a name that no option has; a RangeError if
 * another option is invalid. Emits `UsageError` if it cannot listen.
 */
export function createWebhookReceiver(config: WebhookReceiverConfig): Observable<PredictionEvents> {
  expectOptions(config, rules);
  const { publicUrl, host = '127.0.0.1', port = 0, maxBytes = 10_000_000, store } = config;
  const verifier = readVerifier(config);
  if (publicUrl !== undefined) expectPublicUrl(publicUrl);
  return new Observable((subscriber) => {
    const { events, add, close } = createWebhookEvents();
    const onWebhook = (webhook: Webhook) => {
      accepted += 1;
      add(webhook);
    };
    const redact = createRedact([config.secret ?? [], config.secrets ?? []].flat());
    let [accepted, refused] = [0, 0];
    const onRefused = () => {
      refused += 1;
      if (accepted === 0 && refused === MANY_REFUSED) config.onAllRefused?.();
    };
    const opening = import('./webhookServer.ts').then(({ webhookServer }) =>
      webhookServer({
        verifier,
        maxBytes,
        redact,
        onWebhook,
        onRefused,
        ...(store === undefined ? {} : { store: ({ event }) => store(event) }),
      }),
    );
    const listening = opening.then((server) => server.listen({ host, port }));
    listening.then(
      (address) => subscriber.next({ url: publicUrl ?? `${address}/`, events }),
      (error: unknown) => subscriber.error(listenError(host, port, error)),
    );
    return () => {
      close();
      // After an unsubscribe, no subscriber is left to receive an error.
      void closeServer(opening, listening).catch(() => {});
    };
  });
}

/** Closes a server, which cannot be closed before it listens, or has failed to. */
async function closeServer(
  opening: Promise<{ close(): PromiseLike<unknown> }>,
  listening: Promise<unknown>,
): Promise<void> {
  await listening.catch(() => {});
  await (await opening).close();
}

function readVerifier(config: WebhookReceiverConfig): WebhookVerifier | null {
  const { secret, unsigned = false, ...limits } = config;
  if (unsigned === (secret !== undefined)) {
    throw new UsageError(
      unsigned
        ? '`secret` and `unsigned` cannot be used together.'
        : 'Webhooks need either `secret` or `unsigned`.',
    );
  }
  return secret === undefined ? null : createWebhookVerifier({ ...limits, secret });
}

function listenError(host: string, port: number, error: unknown): UsageError {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return new UsageError(`Cannot listen for webhooks on port ${port} of ${host}: ${reason}`, {
    suggestion: 'Choose another port, or end the program that uses it.',
    cause: error,
  });
}

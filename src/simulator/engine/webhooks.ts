import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimulatorSettings } from './config.ts';
import type { Counters } from './counters.ts';
import type { WebhookFault } from './faults.ts';
import { newId } from './random.ts';
import type { SimulatedPrediction, WebhookEvent } from './simulatedPrediction.ts';

/** The webhook behaviour of a service. */
interface WebhookPolicy {
  /** Events that are sent if a create request names none. */
  readonly defaultEvents: readonly WebhookEvent[];
  /** Signing secret, `whsec_…`; null: webhooks are not signed. */
  readonly secret: string | null;
  /** Tries of the `completed` webhook, including the first. Other webhooks have one. */
  readonly tries: number;
  /** Wait before the second try, in ms of the service's own time; doubles with each try. */
  readonly retryMs: number;
  /** Returns true for a response status to retry after. A missing response is always retried. */
  readonly isRetried: (status: number) => boolean;
  /** Longest wait for a response, in real ms at any speed. */
  readonly timeoutMs: number;
}

interface WebhooksConfig {
  settings: SimulatorSettings;
  counters: Counters;
  policy: WebhookPolicy;
  /** Returns the JSON body of a webhook. */
  bodyOf: (prediction: SimulatedPrediction, event: WebhookEvent) => unknown;
}

/** Sends webhooks to the receivers that predictions name. */
export interface Webhooks {
  /** Sends a webhook if the prediction has a receiver that wants this event. */
  notify(prediction: SimulatedPrediction, event: WebhookEvent): void;
  /** Stops all sending. */
  close(): void;
}

interface Message {
  readonly url: string;
  readonly id: string;
  readonly body: string;
  readonly tries: number;
}

/**
 * Shortest interval between webhooks of a prediction for `output` and `logs`, in ms of the
 * service's own time.
 */
const THROTTLE_MS = 500;

/**
 * Creates the sender of webhooks. It does not wait for one before it sends the next, so a slow
 * receiver gets them out of order, as it does from the service.
 */
export function createWebhooks({ settings, counters, policy, bodyOf }: WebhooksConfig): Webhooks {
  const { speed, faults } = settings;
  const closed = new AbortController();
  const { signal } = closed;
  const throttledUntilMs = new WeakMap<SimulatedPrediction, number>();

  const isWanted = (prediction: SimulatedPrediction, event: WebhookEvent): boolean => {
    const events = prediction.webhook?.events ?? policy.defaultEvents;
    return events.includes(event) && isDue(prediction, event);
  };
  const isDue = (prediction: SimulatedPrediction, event: WebhookEvent): boolean => {
    if (event === 'start' || event === 'completed') return true;
    const nowMs = performance.now();
    if (nowMs < (throttledUntilMs.get(prediction) ?? 0)) return false;
    throttledUntilMs.set(prediction, nowMs + THROTTLE_MS / speed);
    return true;
  };
  /** Sends a webhook once. Resolves with the status of the response, null if none came. */
  const post = async ({ url, id, body }: Message): Promise<number | null> => {
    counters.countWebhook();
    const headers = webhookHeaders(id, body, policy.secret);
    const timeUp = AbortSignal.timeout(policy.timeoutMs);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, timeUp]),
      });
      await response.body?.cancel();
      return response.status;
    } catch {
      return null;
    }
  };
  const deliver = async (message: Message): Promise<void> => {
    for (let done = 1; ; done += 1) {
      const status = await post(message);
      const isDone = status !== null && !policy.isRetried(status);
      if (isDone || done >= message.tries || signal.aborted) return;
      await pause((policy.retryMs * 2 ** (done - 1)) / speed, signal);
    }
  };

  const send = (message: Message, fault: WebhookFault | null): void => {
    if (fault?.type === 'drop') return;
    if (fault?.type === 'delay') void pause(fault.delayMs, signal).then(() => deliver(message));
    else void deliver(message);
    if (fault?.type === 'repeat') void deliver(message);
  };

  return {
    notify(prediction, event) {
      const { webhook } = prediction;
      if (webhook === null || signal.aborted || !isWanted(prediction, event)) return;
      const body = JSON.stringify(bodyOf(prediction, event));
      const tries = event === 'completed' ? policy.tries : 1;
      const fault = faults.onWebhook?.(prediction, event) ?? null;
      send({ url: webhook.url, id: `msg_${newId()}`, body, tries }, fault);
    },
    close: () => closed.abort(),
  };
}

/** Waits for this time or until the signal is aborted; never rejects. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
}

/**
 * Returns the headers of a webhook, signed as Standard Webhooks defines it if there is a secret.
 * Each try carries its own timestamp.
 */
function webhookHeaders(id: string, body: string, secret: string | null): Record<string, string> {
  const headers = { 'content-type': 'application/json' };
  if (secret === null) return headers;
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    ...headers,
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}

const RETRIED: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/**
 * The webhooks of Cog: unsigned, all events by default, and up to twelve retries of the last one.
 */
export const cogWebhooks: WebhookPolicy = {
  defaultEvents: ['start', 'output', 'logs', 'completed'],
  secret: null,
  tries: 1 + 12,
  retryMs: 100,
  isRetried: (status) => RETRIED.has(status),
  timeoutMs: 30_000,
};

/** The signing secret of webhooks and file downloads; `/webhooks/default/secret` returns it. */
export const signingSecret = `whsec_${Buffer.from('rxposure-simulator-secret').toString('base64')}`;

/**
 * The webhooks of Replicate: signed as Standard Webhooks defines it; the last try comes 63 s after
 * completion.
 */
export const replicateWebhooks: WebhookPolicy = {
  defaultEvents: ['output', 'completed'],
  secret: signingSecret,
  tries: 7,
  retryMs: 1_000,
  isRetried: (status) => status >= 400,
  timeoutMs: 5_000,
};

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Returns true for `https:` URLs, which are all that the service accepts, and for `http:` URLs of
 * this machine, where tests receive webhooks.
 */
export function isWebhookUrl(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
}

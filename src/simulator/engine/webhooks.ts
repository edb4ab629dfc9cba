import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimulatorSettings } from './config.ts';
import type { Counters } from './counters.ts';
import type { WebhookFault } from './faults.ts';
import { newId } from './random.ts';
import type { SimulatedPrediction, WebhookEvent } from './simulatedPrediction.ts';

/** How a service behaves towards those who receive its webhooks. */
interface WebhookManners {
  /** What is told of where a create names no events. */
  readonly defaultEvents: readonly WebhookEvent[];
  /** Signs with `whsec_…`; null: not signed. */
  readonly secret: string | null;
  /** Tries of the last webhook of a prediction, the first included. The others have one. */
  readonly tries: number;
  /** Wait before the second of them; doubles each time. */
  readonly retryMs: number;
  /** Whether to try again after this answer. Where none came, it always is. */
  readonly isRetried: (status: number) => boolean;
  /** How long an answer is waited for, in real ms whatever the speed. */
  readonly timeoutMs: number;
}

interface WebhooksConfig {
  settings: SimulatorSettings;
  counters: Counters;
  manners: WebhookManners;
  /** What is sent of a prediction. */
  bodyOf: (prediction: SimulatedPrediction, event: WebhookEvent) => unknown;
}

/** Tells those who asked for it what becomes of their predictions. */
export interface Webhooks {
  tell(prediction: SimulatedPrediction, event: WebhookEvent): void;
  /** Sends nothing more. */
  close(): void;
}

interface Message {
  readonly url: string;
  readonly id: string;
  readonly body: string;
  readonly tries: number;
}

/** `output` and `logs` are told of once in this time at most, in the service's own time. */
const THROTTLE_MS = 500;

/** Sends webhooks as they fall due. Nobody waits for them: a slow receiver gets them out of order, as in life. */
export function createWebhooks({ settings, counters, manners, bodyOf }: WebhooksConfig): Webhooks {
  const { speed, faults } = settings;
  const closed = new AbortController();
  const { signal } = closed;
  const throttledUntilMs = new WeakMap<SimulatedPrediction, number>();

  const isWanted = (prediction: SimulatedPrediction, event: WebhookEvent): boolean => {
    const events = prediction.webhook?.events ?? manners.defaultEvents;
    return events.includes(event) && isDue(prediction, event);
  };
  const isDue = (prediction: SimulatedPrediction, event: WebhookEvent): boolean => {
    if (event === 'start' || event === 'completed') return true;
    const nowMs = performance.now();
    if (nowMs < (throttledUntilMs.get(prediction) ?? 0)) return false;
    throttledUntilMs.set(prediction, nowMs + THROTTLE_MS / speed);
    return true;
  };
  /** The status of the answer; null where none came. */
  const post = async ({ url, id, body }: Message): Promise<number | null> => {
    counters.countWebhook();
    const headers = webhookHeaders(id, body, manners.secret);
    const timeUp = AbortSignal.timeout(manners.timeoutMs);
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
      const isDone = status !== null && !manners.isRetried(status);
      if (isDone || done >= message.tries || signal.aborted) return;
      await pause((manners.retryMs * 2 ** (done - 1)) / speed, signal);
    }
  };

  const send = (message: Message, fault: WebhookFault | null): void => {
    if (fault?.type === 'drop') return;
    if (fault?.type === 'delay') void pause(fault.delayMs, signal).then(() => deliver(message));
    else void deliver(message);
    if (fault?.type === 'repeat') void deliver(message);
  };

  return {
    tell(prediction, event) {
      const { webhook } = prediction;
      if (webhook === null || signal.aborted || !isWanted(prediction, event)) return;
      const body = JSON.stringify(bodyOf(prediction, event));
      const tries = event === 'completed' ? manners.tries : 1;
      const fault = faults.onWebhook?.(prediction, event) ?? null;
      send({ url: webhook.url, id: `msg_${newId()}`, body, tries }, fault);
    },
    close: () => closed.abort(),
  };
}

/** Over early where the signal is aborted; never rejects. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
}

/** The headers of a webhook: signed after Standard Webhooks where there is a secret, each try with its own time. */
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

/** Cog's: unsigned, of everything unless told otherwise; the last one is tried again twelve times. */
export const cogWebhooks: WebhookManners = {
  defaultEvents: ['start', 'output', 'logs', 'completed'],
  secret: null,
  tries: 1 + 12,
  retryMs: 100,
  isRetried: (status) => RETRIED.has(status),
  timeoutMs: 30_000,
};

/** What the simulator signs with: the answer of `/webhooks/default/secret`, and the key of file downloads. */
export const signingSecret = `whsec_${Buffer.from('rxposure-simulator-secret').toString('base64')}`;

/** Replicate's: signed after Standard Webhooks; the last of the tries comes 63 s after completion. */
export const replicateWebhooks: WebhookManners = {
  defaultEvents: ['output', 'completed'],
  secret: signingSecret,
  tries: 7,
  retryMs: 1_000,
  isRetried: (status) => status >= 400,
  timeoutMs: 5_000,
};

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** The service takes only https; here plain http may lead to this machine, because that is where a test receives. */
export function isWebhookUrl(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Counters } from '../createCounters.ts';
import { newId } from '../newId.ts';
import type { SimulatorSettings } from '../readSettings.ts';
import type { SimulatedPrediction, WebhookEvent } from '../SimulatedPrediction.ts';
import type { WebhookFault } from '../SimulatorFaults.ts';
import type { WebhookManners } from './WebhookManners.ts';
import { webhookHeaders } from './webhookHeaders.ts';

export interface WebhooksConfig {
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

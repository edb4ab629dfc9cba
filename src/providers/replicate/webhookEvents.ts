import { concat, defer, from, type Observable, Subject } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { hasEnded } from '../../base/service.ts';
import { UsageError } from '../../errors.ts';
import type { Prediction, PredictionEvent } from '../../types.ts';

/** A genuine webhook. */
export interface Webhook {
  /** Null if it has none. */
  readonly id: string | null;
  readonly event: PredictionEvent;
  /** Size of its body. */
  readonly bytes: number;
}

/** The events of webhooks, each of them once. */
interface WebhookEvents {
  /** As `PredictionEvents.events`: hot, with the last few seconds for a new subscriber. */
  readonly events: Observable<PredictionEvent>;
  /** Emits its event; returns false for a webhook that is a repeat, or comes after the end. */
  add(webhook: Webhook): boolean;
  /** Completes `events`. */
  close(): void;
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

/** Creates the events of one receiver or handler. */
export function createWebhookEvents(): WebhookEvents {
  const live = new Subject<PredictionEvent>();
  const recent = createRecentEvents();
  const isNews = createNewsFilter();
  return {
    events: defer(() => concat(from(recent.list()), live)),
    add({ id, event, bytes }) {
      if (!isNews(id, event.prediction)) return false;
      recent.add(event, bytes);
      live.next(event);
      return true;
    },
    close: () => live.complete(),
  };
}

/** Creates a filter that accepts a webhook only once, and only until its prediction has ended. */
function createNewsFilter(): (id: string | null, prediction: Prediction) => boolean {
  const seen = createRecentIds(REMEMBERED);
  const ended = createRecentIds(REMEMBERED);
  return (id, prediction) => {
    if (id !== null && !seen.add(id)) return false;
    return hasEnded(prediction) ? ended.add(prediction.id) : !ended.has(prediction.id);
  };
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

/** Throws `UsageError` if webhooks cannot be sent to a URL. */
export function expectPublicUrl(publicUrl: string): void {
  if (/^https?:$/.test(URL.parse(publicUrl)?.protocol ?? '')) return;
  throw new UsageError(
    `Expected \`publicUrl\` to begin with https:// or http://, got ${JSON.stringify(publicUrl)}`,
  );
}

import {
  filter,
  fromEventPattern,
  map,
  merge,
  type Observable,
  type SchedulerLike,
  scan,
  shareReplay,
  take,
} from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';

interface InterruptionConfig {
  /** The source of the signals. Default: the process. */
  process?: {
    addListener(event: string, listener: () => void): unknown;
    removeListener(event: string, listener: () => void): unknown;
  };
  /** A second signal within this time counts as an echo of the first. Default 500. */
  graceMs?: number;
  /** Clock of `graceMs`. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** The requests to end that the user makes with Ctrl-C, or the system with SIGTERM. */
interface Interruption {
  /** Start no more jobs, finish those in flight. Emits once and completes. */
  readonly stop: Observable<NodeJS.Signals>;
  /** Exit at once. Emits once and completes. */
  readonly leave: Observable<NodeJS.Signals>;
}

/**
 * Turns SIGINT and SIGTERM into two requests: stop, then leave. Under npm and tsx one Ctrl-C
 * arrives several times, because the terminal sends it to each process and each passes it on:
 * signals within `graceMs` after the first one belong to it.
 *
 *     signals              --s-s-----s--
 *     stop                 --(s|)
 *     leave {graceMs: 5}   ----------(s|)
 *
 * Listens as long as either is subscribed; otherwise the signals end the process as usual. A late
 * subscriber also gets the signals that came before, as long as the other one stayed subscribed.
 */
export function interruption(config: InterruptionConfig = {}): Interruption {
  const { process: source = process, graceMs = 500, scheduler = monotonicScheduler } = config;
  const signals = merge(listen(source, 'SIGINT'), listen(source, 'SIGTERM')).pipe(
    scan<NodeJS.Signals, SeenSignal | null>((seen, signal) => {
      const atMs = scheduler.now();
      const firstAtMs = seen?.firstAtMs ?? atMs;
      return { signal, firstAtMs, isSecond: seen?.isSecond === true || atMs - firstAtMs >= graceMs };
    }, null),
    filter((seen) => seen !== null),
    shareReplay({ bufferSize: 1, refCount: true }),
  );
  return {
    stop: signals.pipe(
      map(({ signal }) => signal),
      take(1),
    ),
    leave: signals.pipe(
      filter(({ isSecond }) => isSecond),
      map(({ signal }) => signal),
      take(1),
    ),
  };
}

interface SeenSignal {
  readonly signal: NodeJS.Signals;
  readonly firstAtMs: number;
  readonly isSecond: boolean;
}

function listen(
  source: NonNullable<InterruptionConfig['process']>,
  name: 'SIGINT' | 'SIGTERM',
): Observable<NodeJS.Signals> {
  return fromEventPattern(
    (listener) => source.addListener(name, listener),
    (listener) => source.removeListener(name, listener),
  ).pipe(map(() => name));
}

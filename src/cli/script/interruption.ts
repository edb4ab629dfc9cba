import {
  asyncScheduler,
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

export interface InterruptionConfig {
  /** Where the signals arrive. Default: the process. */
  process?: {
    addListener(event: string, listener: () => void): unknown;
    removeListener(event: string, listener: () => void): unknown;
  };
  /** A second signal within this time is an echo of the first, not a second wish. Default 500. */
  graceMs?: number;
  /** Clock of the grace. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/** What the user asked for with Ctrl-C, or the system with SIGTERM. */
export interface Interruption {
  /** Begin nothing new, finish what is under way. Emits once and completes. */
  readonly stop: Observable<NodeJS.Signals>;
  /** Leave at once. Emits once and completes. */
  readonly leave: Observable<NodeJS.Signals>;
}

/**
 * Turns SIGINT and SIGTERM into two wishes. Under npm and tsx one Ctrl-C arrives several times, because the terminal sends
 * it to all of them and each passes it on; hence the grace.
 *
 *     signals              --s-s-----s--
 *     stop                 --(s|)
 *     leave {graceMs: 5}   ----------(s|)
 *
 * The signals are listened to as long as either is subscribed; after that they end the process as usual. Whoever
 * subscribes while the other one is subscribed learns what has come before.
 */
export function interruption(config: InterruptionConfig = {}): Interruption {
  const { process: source = process, graceMs = 500, scheduler = asyncScheduler } = config;
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

import {
  concat,
  defer,
  EMPTY,
  ignoreElements,
  NEVER,
  type Observable,
  type ObservableInput,
  type ObservedValueOf,
  type SchedulerLike,
  takeUntil,
} from 'rxjs';
import { longTimer, monotonicScheduler } from '../base/monotonicScheduler.ts';
import { expectCount, expectPulling, expectWait, shareStop } from './internal/options.ts';
import { pullMap } from './pullMap.ts';

export interface InWavesConfig {
  /** Items in a wave; the last wave may have fewer. An integer of 1 or more. */
  waveSize: number;
  /** Wait between the end of a wave and the start of the next. */
  pauseMs: number;
  /** Inner Observables at the same time: an integer of 1 or more. Default: the whole wave. */
  concurrency?: number;
  /** Called when a wave starts, and when all of it is done. Default: no-op. */
  onWave?: (wave: WaveNews) => void;
  /**
   * Stops the start of further items when it emits; items in flight finish. Default: never emits.
   */
  stop?: ObservableInput<unknown>;
  /** Clock of the pauses. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

export interface WaveNews {
  /** 1-based number of the wave. */
  readonly wave: number;
  readonly items: number;
  readonly state: 'started' | 'completed';
}

/**
 * Maps the items of a source to inner Observables or promises in waves: a wave starts when all of
 * the one before is done and the pause is over. Pulls the items of one wave at a time.
 *
 *     source                                a, b, c
 *     a                                     --(a|)
 *     b                                     -(b|)
 *     c                                          --(c|)
 *     inWaves({waveSize: 2, pauseMs: 3})    -ba----(c|)
 *
 * There is no pause after the last wave. An error of the source, of `project`, of `onWave` or of an
 * inner Observable ends the stream. Unsubscribing unsubscribes the inner Observables, or ends the
 * pause, and closes the source.
 */
export function inWaves<T, O extends ObservableInput<unknown>>(
  source: Iterable<T> | AsyncIterable<T>,
  project: (value: T) => O,
  config: InWavesConfig,
): Observable<ObservedValueOf<O>> {
  expectPulling(source, project, config, 'waveSize', 'pauseMs');
  const { waveSize, pauseMs, concurrency = waveSize, onWave, stop = NEVER } = config;
  const { scheduler = monotonicScheduler } = config;
  expectCount(waveSize, 'waveSize', 1);
  expectCount(concurrency, 'concurrency', 1);
  expectWait(pauseMs, 'pauseMs');
  return defer(() => {
    const shared = shareStop(stop);
    const inner = (items: readonly T[], index: number) => {
      const notify = (state: WaveNews['state']) =>
        defer(() => {
          onWave?.({ wave: index + 1, items: items.length, state });
          return EMPTY;
        });
      const pause = index === 0 || pauseMs === 0 ? EMPTY : longTimer(pauseMs, scheduler);
      const wave = pullMap(items, project, { concurrency, stop: shared.stop });
      return concat(
        pause.pipe(takeUntil(shared.stop), ignoreElements()),
        defer(() => (shared.isStopped ? EMPTY : concat(notify('started'), wave, notify('completed')))),
      );
    };
    // A wave is an item of its own, pulled when the one before is done: so the last wave is known
    // before any pause.
    return pullMap(wavesOf(source, waveSize), inner, { concurrency: 1, stop: shared.stop });
  });
}

function wavesOf<T>(source: Iterable<T> | AsyncIterable<T>, waveSize: number) {
  return Symbol.asyncIterator in source ? asyncWaves(source, waveSize) : syncWaves(source, waveSize);
}

function* syncWaves<T>(source: Iterable<T>, waveSize: number): Generator<readonly T[]> {
  let wave: T[] = [];
  for (const item of source) {
    wave.push(item);
    if (wave.length < waveSize) continue;
    yield wave;
    wave = [];
  }
  if (wave.length > 0) yield wave;
}

async function* asyncWaves<T>(source: AsyncIterable<T>, waveSize: number): AsyncGenerator<readonly T[]> {
  let wave: T[] = [];
  for await (const item of source) {
    wave.push(item);
    if (wave.length < waveSize) continue;
    yield wave;
    wave = [];
  }
  if (wave.length > 0) yield wave;
}

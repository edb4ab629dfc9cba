import { asyncScheduler, lastValueFrom, NEVER, race, timer } from 'rxjs';
import { expect, it } from 'vitest';
import { longTimer, maxTimerMs } from '../../src/base/monotonicScheduler.ts';
import { marbles } from '../helpers/marbles.ts';

it(
  'waits for as long as it is asked to, though no timer can',
  marbles(({ expectObservable }) => {
    const values = { o: 0 } as const;
    expectObservable(longTimer(3, asyncScheduler)).toBe('---(o|)', values);
    expectObservable(longTimer(0, asyncScheduler)).toBe('(o|)', values);
    const waitMs = 2 * maxTimerMs + 5;
    expectObservable(longTimer(waitMs, asyncScheduler)).toBe(`${waitMs}ms (o|)`, values);
    expectObservable(longTimer(Number.POSITIVE_INFINITY, asyncScheduler)).toBe('-');
  }),
);

it('does not fire at once', async () => {
  // Real timers: only they do.
  for (const waitMs of [maxTimerMs + 1, 1e15, Number.POSITIVE_INFINITY]) {
    const first = race(longTimer(waitMs, asyncScheduler), timer(5), NEVER);
    const startedAt = performance.now();
    await lastValueFrom(first);
    expect(performance.now() - startedAt).toBeGreaterThan(3);
  }
});

import { defer, finalize, mergeMap, range, tap, timer, VirtualTimeScheduler } from 'rxjs';
import { expect, it } from 'vitest';
import { createGate, gate } from '../../../src/operators/gate.ts';
import { createConcurrencyLearner } from '../../../src/operators/pace/concurrencyLearner.ts';

/**
 * Runs jobs at a service that works on so many at a time and lets the rest wait; returns the slots
 * at each end.
 */
function learnedFrom(capacity: number, jobs: number, refusesAbove = Number.POSITIVE_INFINITY): number[] {
  const scheduler = new VirtualTimeScheduler();
  const learner = createConcurrencyLearner();
  const slots = createGate(learner.concurrency);
  const machines = createGate(capacity);
  const slotCounts: number[] = [];
  let atService = 0;
  range(0, jobs)
    .pipe(
      mergeMap((index) =>
        defer(() => {
          atService += 1;
          if (atService > refusesAbove) learner.refused(scheduler.now());
          return timer(900 + ((index * 37) % 200), scheduler).pipe(
            gate(machines),
            tap(() => learner.completed(scheduler.now(), slots.running)),
            finalize(() => {
              atService -= 1;
              slots.resize(learner.concurrency);
              slotCounts.push(learner.concurrency);
            }),
          );
        }).pipe(gate(slots)),
      ),
    )
    .subscribe();
  scheduler.flush();
  return slotCounts;
}

it.each([3, 8, 20, 40])(
  'comes near the concurrency that a service with %d machines can use, and stays there',
  (capacity) => {
    const slotCounts = learnedFrom(capacity, 4_000);
    const late = slotCounts.slice(2_000);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(Math.floor(capacity * 0.8));
    expect(Math.max(...late)).toBeLessThanOrEqual(Math.ceil(capacity * 1.6) + 2);
  },
);

it('never goes beyond its bound', () => {
  expect(Math.max(...learnedFrom(1_000, 4_000))).toBe(64);
});

it('halves on a refusal, once for all that come together, and tries more from there', () => {
  const learner = createConcurrencyLearner({ first: 20 });
  learner.refused(0);
  learner.refused(100);
  expect(learner.concurrency).toBe(10);
  learner.refused(6_000);
  expect(learner.concurrency).toBe(5);
  // Three windows, then a trial with more.
  for (let end = 0; end <= 3 * 25; end += 1) learner.completed(7_000 + end * 100, 5);
  expect(learner.concurrency).toBe(6);
  for (let cut = 1; cut < 6; cut += 1) learner.refused(cut * 100_000);
  expect(learner.concurrency).toBe(1);
});

it('stays below the limit of a service, most of the time', () => {
  const late = learnedFrom(100, 3_000, 24).slice(1_000);
  const below = late.filter((slots) => slots <= 24);
  expect(below.length / late.length).toBeGreaterThan(0.8);
  expect(Math.max(...late)).toBeLessThanOrEqual(26);
});

it('learns nothing if its slots are not in use', () => {
  const learner = createConcurrencyLearner();
  for (let end = 0; end < 100; end += 1) learner.completed(end * 1_000, 1);
  expect(learner.concurrency).toBe(4);
});

import { map } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect, it } from 'vitest';
import type { RunProgress } from '../../src/events/progress.ts';
import { createRunCounter, progressOf, runProgress } from '../../src/events/progress.ts';
import type { RunEvent } from '../../src/events/runEvent.ts';
import { outcome } from '../helpers/outcomes.ts';

const events: Record<string, RunEvent> = {
  r: { type: 'run.started', folder: '/run', total: 4, alreadySaved: 1, concurrency: 2 },
  p: { type: 'prediction.created', index: 0, prompt: 'a', predictionId: 'p', status: 'starting' },
  s: { type: 'image.saved', outcome: outcome(0, { costUsd: 0.1 }) },
  f: { type: 'job.failed', outcome: outcome(1, { status: 'failed', costUsd: 0.2 }) },
  k: { type: 'job.skipped', outcome: outcome(2, { status: 'skipped', costUsd: null }) },
  d: {
    type: 'run.completed',
    totals: {
      total: 4,
      alreadySaved: 1,
      saved: 1,
      failed: 1,
      skipped: 1,
      costUsd: 0.3,
      costIncomplete: true,
    },
    elapsedMs: 3_000,
  },
};

function progressOn(marble: string): Promise<RunProgress[]> {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toStrictEqual(expected));
  return new Promise((resolve) => {
    scheduler.run(({ cold }) => {
      const seen: RunProgress[] = [];
      cold(marble, events)
        .pipe(
          progressOf({ scheduler }),
          map((progress) => seen.push(progress)),
        )
        .subscribe({ complete: () => resolve(seen) });
    });
  });
}

it('emits the progress at the start and after each outcome', async () => {
  expect(await progressOn('r 499ms p 499ms s 999ms f 999ms (kd|)')).toStrictEqual([
    {
      total: 4,
      done: 1,
      percent: 25,
      saved: 0,
      failed: 0,
      skipped: 0,
      costUsd: 0,
      costIncomplete: false,
      ratePerMinute: null,
      elapsedMs: 0,
      etaMs: null,
    },
    {
      total: 4,
      done: 2,
      percent: 50,
      saved: 1,
      failed: 0,
      skipped: 0,
      costUsd: 0.1,
      costIncomplete: false,
      ratePerMinute: 60, // 1 in 1 s
      elapsedMs: 1_000,
      etaMs: 2_000, // 2 left
    },
    {
      total: 4,
      done: 3,
      percent: 75,
      saved: 1,
      failed: 1,
      skipped: 0,
      costUsd: 0.3, // in floating point 0.1 + 0.2 is more
      costIncomplete: false,
      ratePerMinute: 60,
      elapsedMs: 2_000,
      etaMs: 1_000,
    },
    {
      total: 4,
      done: 4,
      percent: 100,
      saved: 1,
      failed: 1,
      skipped: 1,
      costUsd: 0.3,
      costIncomplete: true,
      ratePerMinute: 40, // skipped jobs do not count: 2 in 3 s
      elapsedMs: 3_000,
      etaMs: null,
    },
  ]);
});

it('counts each subscription by itself, and has nothing to do in an empty run', async () => {
  const empty: RunEvent = { type: 'run.started', folder: '', total: 0, alreadySaved: 0, concurrency: 1 };
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toStrictEqual(expected));
  expect.hasAssertions();
  scheduler.run(({ cold, expectObservable }) => {
    const percents = cold('e-s|', { ...events, e: empty }).pipe(
      progressOf({ scheduler }),
      map(({ percent, saved }) => `${percent} ${saved}`),
    );
    const expected = 'a-b|';
    const values = { a: '100 0', b: '100 1' };
    expectObservable(percents).toBe(expected, values);
    expectObservable(percents).toBe(expected, values);
  });
});

it('reaches 100 % without the jobs that `only` leaves out', () => {
  const counter = createRunCounter(() => 0);
  counter.onEvent({ type: 'run.started', folder: '', total: 4, alreadySaved: 1, jobs: 1, concurrency: 1 });
  counter.onEvent({ type: 'image.saved', outcome: outcome(1) });
  expect(runProgress(counter.counts(), 2_000)).toMatchObject({
    total: 2,
    done: 2,
    percent: 100,
    etaMs: null,
  });
});

it('knows an estimate, and the cost that takes its place', async () => {
  const counter = createRunCounter(() => 0);
  counter.onEvent({ type: 'image.saved', outcome: outcome(0, { costUsd: 0.005, estimatedUsd: 0.005 }) });
  expect(runProgress(counter.counts(), 0)).toMatchObject({ costUsd: 0.005, costIncomplete: true });
  counter.onEvent({
    ...{ type: 'job.measured', index: 0, model: 'owner/name', cached: false, completedAt: null },
    ...{ metrics: { predict_time: 4 }, costUsd: 0.004, costChangeUsd: -0.001, estimateUsd: 0.005 },
  });
  expect(runProgress(counter.counts(), 0)).toMatchObject({ costUsd: 0.004, costIncomplete: false });
});

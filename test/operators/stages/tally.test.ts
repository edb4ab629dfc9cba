import { EMPTY, from, lastValueFrom, map, NEVER, range } from 'rxjs';
import { expect, it } from 'vitest';
import { tally } from '../../../src/operators/stages/tally.ts';
import type { Outcome } from '../../../src/types.ts';
import { marbles } from '../../helpers/marbles.ts';

const anOutcome = (status: Outcome['status'], costUsd: number | null): Outcome => ({
  index: 0,
  key: '',
  status,
  prompt: '',
  model: 'owner/name',
  version: null,
  input: {},
  tags: {},
  predictionId: null,
  attempts: 1,
  files: [],
  metrics: {},
  costUsd,
  cached: false,
  createdAt: null,
  completedAt: null,
});
const none = {
  total: 3,
  alreadySaved: 0,
  saved: 0,
  failed: 0,
  skipped: 0,
  costUsd: 0,
  costIncomplete: false,
};

it(
  'counts as outcomes come',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const outcomes = cold('     s-f-u-k|', {
      s: anOutcome('saved', 0.1),
      f: anOutcome('failed', 0.2),
      u: anOutcome('saved', null),
      k: anOutcome('skipped', 0),
    });
    const totals = outcomes.pipe(tally({ total: 4 }));
    const count = (name: 'saved' | 'failed' | 'skipped') => totals.pipe(map((now) => `${now[name]}`));
    expectObservable(count('saved')).toBe('1-1-2-2|');
    expectObservable(count('failed')).toBe('0-1-1-1|');
    expectObservable(count('skipped')).toBe('0-0-0-1|');
    expectObservable(totals).toBe('1-2-3-4|', {
      1: { ...none, total: 4, saved: 1, costUsd: 0.1 },
      2: { ...none, total: 4, saved: 1, failed: 1, costUsd: 0.3 }, // and not 0.30000000000000004
      3: { ...none, total: 4, saved: 2, failed: 1, costUsd: 0.3, costIncomplete: true, unpricedJobs: 1 },
      4: {
        ...none,
        total: 4,
        saved: 2,
        failed: 1,
        skipped: 1,
        costUsd: 0.3,
        costIncomplete: true,
        unpricedJobs: 1,
      },
    });
    expectSubscriptions(outcomes.subscriptions).toBe(Array.from({ length: 4 }, () => '^------!'));
  }),
);

it('adds up estimates, but none of images paid before', async () => {
  const guessed = (index: number) => ({ ...anOutcome('saved', 0.004), index, estimatedUsd: 0.004 });
  const paidBeforeUsd = ({ index }: Outcome) => (index === 1 ? Number.POSITIVE_INFINITY : 0);
  const outcomes = from([guessed(0), guessed(1), guessed(2), anOutcome('saved', 0.1)]);
  expect(await lastValueFrom(outcomes.pipe(tally({ total: 4, paidBeforeUsd })))).toEqual({
    ...none,
    ...{ total: 4, saved: 4, costUsd: 0.108, estimatedUsd: 0.008, costIncomplete: true },
  });
});

it('adds up a hundred thousand cents without drift', async () => {
  const cents = range(100_000).pipe(map(() => anOutcome('saved', 0.01)));
  const { costUsd } = await lastValueFrom(cents.pipe(tally({ total: 100_000 })));
  expect(costUsd).toBe(1_000);
});

it('counts images paid before as saved, and their cost not again', async () => {
  const outcomes = [anOutcome('saved', 0.1), { ...anOutcome('saved', 0.2), index: 1 }];
  const paidBeforeUsd = ({ index }: Outcome) => (index === 1 ? Number.POSITIVE_INFINITY : 0);
  const totals = await lastValueFrom(from(outcomes).pipe(tally({ total: 2, paidBeforeUsd })));
  expect(totals).toMatchObject({ saved: 2, costUsd: 0.1 });
});

it('counts only the cost of a job that earlier runs have not counted, estimates too', async () => {
  const outcomes = [
    { ...anOutcome('saved', 0.006), estimatedUsd: 0.003 },
    { ...anOutcome('failed', 0.003), index: 1, estimatedUsd: 0.003 },
    { ...anOutcome('saved', 0.003), index: 2, costUsd: null },
  ];
  const totals = await lastValueFrom(from(outcomes).pipe(tally({ total: 3, paidBeforeUsd: () => 0.003 })));
  expect(totals).toMatchObject({ costUsd: 0.003, estimatedUsd: 0.003, unpricedJobs: 1 });
});

it(
  'emits zero totals once if there is no outcome',
  marbles(({ expectObservable }) => {
    expectObservable(EMPTY.pipe(tally({ total: 3, alreadySaved: 3 }))).toBe('(n|)', {
      n: { ...none, alreadySaved: 3 },
    });
  }),
);

it(
  'passes on never and errors, and stops when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    expectObservable(NEVER.pipe(tally({ total: 3 })), '--!').toBe('---');
    expectObservable(cold<Outcome>('-#').pipe(tally({ total: 3 }))).toBe('-#');
    const endless = cold<Outcome>('----');
    expectObservable(endless.pipe(tally({ total: 3 })), '-!').toBe('--');
    expectSubscriptions(endless.subscriptions).toBe('^!');
  }),
);

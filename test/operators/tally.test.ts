import { EMPTY, NEVER } from 'rxjs';
import { it } from 'vitest';
import { tally } from '../../src/operators/tally.ts';
import type { Outcome } from '../../src/types.ts';
import { marbles } from '../marbles.ts';

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
  marbles(({ cold, expectObservable }) => {
    const outcomes = cold('     s-f-u|', {
      s: anOutcome('saved', 0.1),
      f: anOutcome('failed', 0.2),
      u: anOutcome('saved', null),
    });
    expectObservable(outcomes.pipe(tally({ total: 3 }))).toBe('1-2-3|', {
      1: { ...none, saved: 1, costUsd: 0.1 },
      2: { ...none, saved: 1, failed: 1, costUsd: 0.3 }, // and not 0.30000000000000004
      3: { ...none, saved: 2, failed: 1, costUsd: 0.3, costIncomplete: true },
    });
  }),
);

it(
  'emits zero totals once where there is no outcome',
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

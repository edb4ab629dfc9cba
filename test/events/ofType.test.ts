import { map } from 'rxjs';
import { it } from 'vitest';
import { ofType } from '../../src/events/observeRun.ts';
import type { RunEvent } from '../../src/events/runEvent.ts';
import { marbles } from '../helpers/marbles.ts';
import { outcome } from '../helpers/outcomes.ts';

const events: Record<string, RunEvent> = {
  r: { type: 'rate.paused', waitMs: 1, reason: 'refused' },
  s: { type: 'image.saved', outcome: outcome(0) },
  f: { type: 'job.failed', outcome: outcome(1, { status: 'failed' }) },
};

it(
  'passes the named types only',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('  r-s-f-s|', events);
    const expected = '     --s-f-s|';
    const chosen = source.pipe(ofType('image.saved', 'job.failed'));
    // Compiles only if the fields of the chosen types are known.
    const indexes = chosen.pipe(map(({ outcome: { index } }) => index));
    expectObservable(chosen).toBe(expected, events);
    expectObservable(indexes).toBe(expected, { s: 0, f: 1 });
    expectSubscriptions(source.subscriptions).toBe(['^------!', '^------!']);
  }),
);

it(
  'passes errors on',
  marbles(({ cold, expectObservable }) => {
    expectObservable(cold('r-#', events).pipe(ofType('warning'))).toBe('--#');
  }),
);

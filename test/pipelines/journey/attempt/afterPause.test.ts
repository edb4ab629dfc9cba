import { NEVER } from 'rxjs';
import { expect, it } from 'vitest';
import { afterPause } from '../../../../src/pipelines/journey/attempt/afterPause.ts';
import { marbles } from '../../../helpers/marbles.ts';

const values = { t: true, f: false };

it(
  'begins an attempt when the run is not paused, and never disturbs one that runs',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const attempt = cold('            --(a|)');
    const paused = cold('       t---f-t', values);
    const expected = '          ------(a|)';
    expectObservable(afterPause(() => attempt, { paused, stop: NEVER, cancel: NEVER })).toBe(expected);
    expectSubscriptions(attempt.subscriptions).toBe('----^-!');
  }),
);

it(
  'begins at once if the run is not paused',
  marbles(({ cold, expectObservable }) => {
    const paused = cold('f-t', values);
    expectObservable(afterPause(() => cold('--(a|)'), { paused, stop: NEVER, cancel: NEVER })).toBe('--(a|)');
  }),
);

it(
  'begins once nothing can resume the run any more',
  marbles(({ cold, expectObservable }) => {
    const paused = cold('t---|', values);
    expectObservable(afterPause(() => cold('--(a|)'), { paused, stop: NEVER, cancel: NEVER })).toBe(
      '------(a|)',
    );
  }),
);

it.each(['stop', 'cancel'])('begins nothing if %s comes while it waits', (name) =>
  marbles(({ cold, expectObservable }) => {
    const control = { paused: cold('t---f', values), stop: NEVER, cancel: NEVER, [name]: cold('--x') };
    expectObservable(afterPause(() => cold('a'), control)).toBe('--|');
    expect(Object.keys(control)).toContain(name);
  })(),
);

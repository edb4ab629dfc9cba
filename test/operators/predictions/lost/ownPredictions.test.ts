import { expect, it } from 'vitest';
import { createOwnPredictions } from '../../../../src/operators/predictions/lost/ownPredictions.ts';
import { aPrediction, aRequest } from '../../../helpers/fakeProvider.ts';

const noteMany = (count: number) => {
  const own = createOwnPredictions();
  for (let n = 1; n <= count; n += 1) {
    own.note({ request: aRequest(), sentAtMs: n }, aPrediction({ id: `p${n}` }), n + 1);
  }
  return own;
};

it('remembers the latest 4,096 predictions of a run', () => {
  const own = noteMany(4_097);
  expect(own.latestListedMs(new Set(['p1']))).toBe(Number.NEGATIVE_INFINITY);
  expect(own.latestListedMs(new Set(['p2']))).toBe(2);
  expect(own.latestListedMs(new Set(['p2', 'p4097', 'p5']))).toBe(4_097);
});

it('learns how long the list lags from the predictions that it does not show yet', () => {
  const own = noteMany(3);
  own.see(new Set(['p1']), { sentAtMs: 1, lookedAtMs: 5_000 });
  expect(own.longestLagMs).toBe(5_000 - 2);
  // Earlier ones prove nothing: they may be too old for the list.
  own.see(new Set(), { sentAtMs: 4, lookedAtMs: 9_000 });
  expect(own.longestLagMs).toBe(5_000 - 2);
});

it('counts the time for which a response was waited for: its prediction may have existed', () => {
  const own = createOwnPredictions();
  own.note({ request: aRequest(), sentAtMs: 7_000 }, aPrediction({ id: 'waited' }), 67_000);
  // Read before the response came: that the prediction existed then was not known.
  own.see(new Set(), { sentAtMs: 0, lookedAtMs: 60_000 });
  expect(own.longestLagMs).toBe(0);
  own.see(new Set(), { sentAtMs: 0, lookedAtMs: 159_000 });
  expect(own.longestLagMs).toBe(152_000);
});

import { it } from 'vitest';
import { createEventFollower } from '../../../src/operators/predictions/awaitPrediction.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';

const running = (id: string) =>
  aPrediction({ id, status: 'processing', output: null, outputComplete: false });
const states = { a: aPrediction({ id: 'a' }), b: aPrediction({ id: 'b' }), r: running('b') };
const told = {
  a: { prediction: states.a, query: {} },
  r: { prediction: states.r, query: {} },
};

it(
  'follows by what the service tells, and by the way behind it where nothing is told',
  marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const events = hot('         ---a-r---', told);
    const behind = cold('        -------(b|)', states);
    const follower = createEventFollower(events, { follow: () => behind });
    expectObservable(follower.follow(running('a'), 0)).toBe('---(a|)', states);
    expectObservable(follower.follow(running('b'), 0)).toBe('-----r-(b|)', states);
    expectSubscriptions(behind.subscriptions).toBe(['^--!', '^------!']);
  }),
);

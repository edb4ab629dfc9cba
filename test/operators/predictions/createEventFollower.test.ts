import { it } from 'vitest';
import { createEventFollower } from '../../../src/operators/predictions/awaitPrediction.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';

const running = (id: string) =>
  aPrediction({ id, status: 'processing', output: null, outputComplete: false });
const states = { a: aPrediction({ id: 'a' }), b: aPrediction({ id: 'b' }), r: running('b') };
const reported = {
  a: { prediction: states.a, query: {} },
  r: { prediction: states.r, query: {} },
};

it(
  "follows by the service's events, and by the follower behind if none comes",
  marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const events = hot('         ---a-r---', reported);
    const behind = cold('        -------(b|)', states);
    const follower = createEventFollower(events, { follow: () => behind });
    expectObservable(follower.follow(running('a'), 0)).toBe('---(a|)', states);
    expectObservable(follower.follow(running('b'), 0)).toBe('-----r-(b|)', states);
    expectSubscriptions(behind.subscriptions).toBe(['^--!', '^------!']);
  }),
);

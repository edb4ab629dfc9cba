import { lastValueFrom, NEVER, of, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { inWaves, type WaveNews } from '../../src/operators/inWaves.ts';
import { marbles } from '../helpers/marbles.ts';

/** A synchronous source that counts its pulls. */
function* counted<T>(values: readonly T[], seen: { pulled: number; isClosed: boolean }) {
  try {
    for (const value of values) {
      seen.pulled += 1;
      yield value;
    }
  } finally {
    seen.isClosed = true;
  }
}

it(
  'begins a wave when all of the one before is done and the pause is over',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const a = cold('        --(a|)');
    const b = cold('        -(b|)');
    const c = cold('             --(c|)');
    const expected = '      -ba----(c|)';
    expectObservable(inWaves([a, b, c], (inner) => inner, { waveSize: 2, pauseMs: 3 })).toBe(expected);
    expectSubscriptions(a.subscriptions).toBe('^-!');
    expectSubscriptions(b.subscriptions).toBe('^!');
    expectSubscriptions(c.subscriptions).toBe('-----^-!');
  }),
);

it(
  'makes no pause after the last wave, even if that one is full',
  marbles(({ cold, expectObservable }) => {
    const inner = () => cold('-(x|)');
    expectObservable(inWaves([1, 2], inner, { waveSize: 1, pauseMs: 3 })).toBe('-x---(x|)');
    expectObservable(inWaves([1, 2], inner, { waveSize: 2, pauseMs: 3 })).toBe('-(xx|)');
  }),
);

it(
  'keeps to its concurrency within a wave',
  marbles(({ cold, expectObservable }) => {
    const long = cold('    ----(l|)');
    const short = cold('   -(s|)');
    const expected = '     -ss-(l|)';
    const config = { waveSize: 3, pauseMs: 9, concurrency: 2 };
    expectObservable(inWaves([long, short, short], (inner) => inner, config)).toBe(expected);
  }),
);

it(
  'asks for one wave at a time',
  marbles(({ cold, expectObservable, flush }) => {
    const seen = { pulled: 0, isClosed: false };
    const waves = inWaves(counted([1, 2, 3, 4, 5], seen), () => cold('------|'), { waveSize: 2, pauseMs: 1 });
    expectObservable(waves, '----!').toBe('-----');
    flush();
    expect(seen).toEqual({ pulled: 2, isClosed: true });
  }),
);

it(
  'reports each wave, and nothing of an empty source',
  marbles(({ cold, expectObservable, flush, time }) => {
    const news: WaveNews[] = [];
    const config = { waveSize: 2, pauseMs: time('-|'), onWave: (wave: WaveNews) => news.push(wave) };
    expectObservable(inWaves([], () => NEVER, config)).toBe('|');
    expectObservable(inWaves([1, 2, 3], () => cold('-|'), config)).toBe('---|');
    flush();
    expect(news.map(({ wave, items, state }) => `${wave} ${state}, ${items}`)).toEqual([
      '1 started, 2',
      '1 completed, 2',
      '2 started, 1',
      '2 completed, 1',
    ]);
  }),
);

it(
  'starts nothing more after stop, within a wave or between two, and finishes items in flight',
  marbles(({ cold, hot, expectObservable }) => {
    const inner = () => cold('---(x|)');
    const within = { waveSize: 2, pauseMs: 2, concurrency: 1, stop: hot('-s') };
    expectObservable(inWaves([1, 2, 3], inner, within)).toBe('---(x|)');
    const between = { waveSize: 1, pauseMs: 4, stop: hot('----s') };
    expectObservable(inWaves([1, 2, 3], inner, between)).toBe('---x|');
    const coldStop = { waveSize: 1, pauseMs: 2, stop: cold('------s') };
    expectObservable(inWaves([1, 2, 3], inner, coldStop)).toBe('---x----(x|)');
  }),
);

it(
  'ends with the error of an inner Observable, and with that of the source',
  marbles(({ cold, expectObservable }) => {
    expectObservable(inWaves([1, 2], () => cold('-#'), { waveSize: 1, pauseMs: 1 })).toBe('-#');
    function* failing() {
      yield 1;
      throw 'error';
    }
    expectObservable(inWaves(failing(), () => cold('-(x|)'), { waveSize: 1, pauseMs: 5 })).toBe('-(x#)');
  }),
);

it('takes asynchronous sources', async () => {
  async function* numbers() {
    yield* [1, 2, 3, 4, 5];
  }
  const news: number[] = [];
  const onWave = ({ items }: WaveNews) => news.push(items);
  const waves = inWaves(numbers(), (n) => of(n), { waveSize: 2, pauseMs: 1, onWave });
  expect(await lastValueFrom(waves.pipe(toArray()))).toEqual([1, 2, 3, 4, 5]);
  expect(news).toEqual([2, 2, 2, 2, 1, 1]);
});

it('refuses bad options at once', () => {
  expect(() => inWaves([], () => NEVER, { waveSize: 0, pauseMs: 1 })).toThrow(
    'Expected `waveSize` to be an integer of 1 or more, got 0',
  );
  expect(() => inWaves([], () => NEVER, { waveSize: 1, pauseMs: -1 })).toThrow('`pauseMs`');
  expect(() => inWaves([], () => NEVER, { waveSize: 1, pauseMs: 0, concurrency: 0 })).toThrow(
    '`concurrency`',
  );
});

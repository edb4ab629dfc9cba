import { lastValueFrom, NEVER, type Observable, of, throwError, timer, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { requeue, type TaskNews } from '../../src/operators/requeue.ts';
import { marbles } from '../helpers/marbles.ts';

const failure = new Error('task');
const lineOf = <T>({ lane, value, attempt, state }: TaskNews<T>) => `${lane} ${state} ${value} ${attempt}`;

it(
  'gives a failed task another try behind all that the source has',
  marbles(({ cold, expectObservable, flush }) => {
    const ways: Record<string, readonly Observable<string>[]> = {
      //            b, c before the second try of a
      a: [cold('    --#'), cold('--(a|)')],
      b: [cold('    ----(b|)')],
      c: [cold('      ---(c|)')],
    };
    const expected = '  ----bc(a|)';
    const news: string[] = [];
    const tasks = requeue(['a', 'b', 'c'], (task, { attempt }) => ways[task]?.[attempt - 1] ?? NEVER, {
      concurrency: 2,
      retries: 1,
      onTask: (task) => news.push(lineOf(task)),
    });
    expectObservable(tasks).toBe(expected);
    flush();
    expect(news).toEqual([
      '1 started a 1',
      '2 started b 1',
      '1 requeued a 1',
      '1 started c 1',
      '2 completed b 1',
      '2 started a 2',
      '1 completed c 1',
      '2 completed a 2',
    ]);
  }),
);

it(
  'tries again in the same lane if the line is empty, after the delay',
  marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
    const failing = cold('-#');
    const lanes: number[] = [];
    const tasks = requeue(
      ['a'],
      (_, { lane, attempt }) => {
        lanes.push(lane);
        return attempt < 3 ? failing : of('a');
      },
      { concurrency: 2, retries: 2, delayMs: 3 },
    );
    expectObservable(tasks).toBe('--------(a|)');
    expectSubscriptions(failing.subscriptions).toBe(['^!', '----^!']);
    flush();
    expect(lanes).toEqual([1, 1, 1]);
  }),
);

it(
  'does not wait if the time in line was as long as the delay',
  marbles(({ cold, expectObservable }) => {
    const project = (task: string, { attempt }: { attempt: number }) =>
      task === 'a' && attempt === 1 ? cold('-#') : cold('---(x|)');
    //                                                               a fails at 1, b until 4, a until 7
    expectObservable(requeue(['a', 'b'], project, { concurrency: 1, retries: 1, delayMs: 3 })).toBe(
      '----x--(x|)',
    );
  }),
);

it(
  'ends with the error of the last try, and with one that no other try can help',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const twice = cold('-#');
    expectObservable(requeue(['a'], () => twice, { concurrency: 1, retries: 1 })).toBe('--#');
    expectSubscriptions(twice.subscriptions).toBe(['^!', '-^!']);
    const once = cold('-#');
    const shouldRequeue = (error: unknown) => error !== 'error';
    expectObservable(requeue(['a'], () => once, { concurrency: 1, retries: 8, shouldRequeue })).toBe('-#');
    expectSubscriptions(once.subscriptions).toBe('^!');
  }),
);

it(
  'asks for a task when a lane is free',
  marbles(({ cold, expectObservable, flush }) => {
    let pulled = 0;
    function* endless() {
      while (true) yield pulled++;
    }
    const tasks = requeue(endless(), () => cold('--#'), { concurrency: 2, retries: 1 });
    expectObservable(tasks, '-----!').toBe('------');
    flush();
    expect(pulled).toBe(6); // two at the beginning, two after 2 and after 4
  }),
);

it(
  'begins nothing after stop, also nothing that waits in line or for its delay',
  marbles(({ cold, hot, expectObservable, flush }) => {
    const news: string[] = [];
    const onTask = (task: TaskNews<string>) => news.push(lineOf(task));
    const project = (task: string) => (task === 'a' ? cold('-#') : cold('-----(x|)'));
    const config = { concurrency: 2, retries: 8, onTask };
    expectObservable(requeue(['a', 'b', 'c'], project, { ...config, stop: hot('--s') })).toBe('-----x(x|)');
    flush();
    expect(news.filter((line) => line.includes(' a '))).toEqual(['1 started a 1', '1 requeued a 1']);
  }),
);

it(
  'does not wait for a delay that stop has made idle',
  marbles(({ cold, hot, expectObservable }) => {
    const config = { concurrency: 1, retries: 8, delayMs: 99, stop: hot('---s') };
    expectObservable(requeue(['a'], () => cold('-#'), config)).toBe('---|');
    const late = { ...config, stop: hot('s') };
    expectObservable(requeue(['a'], () => cold('-#'), late)).toBe('-|');
  }),
);

it('takes asynchronous sources, whose end may come while tasks fail', async () => {
  async function* numbers() {
    for (let n = 0; n < 20; n += 1) yield n;
    await lastValueFrom(timer(3));
  }
  const tries = new Map<number, number>();
  const tasks = requeue(
    numbers(),
    (n, { attempt }) => {
      tries.set(n, attempt);
      return attempt <= n % 3 ? throwError(() => failure) : of(n);
    },
    { concurrency: 3, retries: 2 },
  );
  const done = await lastValueFrom(tasks.pipe(toArray()));
  expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect([...tries.values()]).toEqual(Array.from({ length: 20 }, (_, n) => 1 + (n % 3)));
});

it('keeps its state per subscription', async () => {
  const lanes: number[] = [];
  const tasks = requeue([1, 2], (_, { lane }) => of(lanes.push(lane)), { concurrency: 1, retries: 0 });
  await lastValueFrom(tasks);
  await lastValueFrom(tasks);
  expect(lanes).toEqual([1, 1, 1, 1]);
});

it('refuses bad options at once', () => {
  expect(() => requeue([], () => NEVER, { concurrency: 0, retries: 0 })).toThrow(
    'Expected `concurrency` to be an integer of 1 or more, got 0',
  );
  expect(() => requeue([], () => NEVER, { concurrency: 1, retries: -1 })).toThrow('`retries`');
  expect(() => requeue([], () => NEVER, { concurrency: 1, retries: 0, delayMs: -1 })).toThrow('`delayMs`');
});

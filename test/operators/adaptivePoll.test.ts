import { defer, EMPTY, lastValueFrom, NEVER, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { type AdaptivePollConfig, adaptivePoll } from '../../src/operators/adaptivePoll.ts';
import { marbles } from '../helpers/marbles.ts';

const answers = (text: string) => {
  const left = [...text];
  return () => defer(() => of(left.shift() ?? 'd'));
};
const config: AdaptivePollConfig<string> = {
  isDone: (answer) => answer === 'd',
  isStarting: (answer) => answer === 's',
  onTimeout: () => of('t'),
  startingMs: 2,
};

it(
  'asks fast while starting, slower while processing, up to a bound',
  marbles(({ expectObservable }) => {
    const polled = adaptivePoll(answers('ssppd'), { ...config, processingMs: 4, maxDelayMs: 6 });
    expectObservable(polled).toBe('--s-s-p---p-----(d|)');
    const longer = adaptivePoll(answers('ssppppd'), { ...config, processingMs: 4, maxDelayMs: 6 });
    expectObservable(longer).toBe('--s-s-p---p-----p-----p-----(d|)');
  }),
);

it(
  'asks nothing before the expected duration',
  marbles(({ expectObservable }) => {
    expectObservable(adaptivePoll(answers('d'), { ...config, expectedMs: 9 })).toBe('---------(d|)');
  }),
);

it(
  'reports when the time is up, and asks no more',
  marbles(({ expectObservable }) => {
    expectObservable(adaptivePoll(answers('sssss'), { ...config, timeoutMs: 5 })).toBe('--s-s(t|)');
  }),
);

it(
  'times out even if a response never comes',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const silent = cold<string>('-');
    expectObservable(adaptivePoll(() => silent, { ...config, timeoutMs: 5 })).toBe('-----(t|)');
    expectSubscriptions(silent.subscriptions).toBe('--^--!');
  }),
);

it('treats a time that is too long for a timer as endless', async () => {
  // Real timers: only they would fire at once.
  for (const timeoutMs of [Number.POSITIVE_INFINITY, 2 ** 31]) {
    const polled = adaptivePoll(answers('sd'), { ...config, startingMs: 5, timeoutMs });
    expect(await lastValueFrom(polled)).toBe('d');
  }
});

it(
  "ends with the time-out's value, even if that is not final",
  marbles(({ expectObservable }) => {
    expectObservable(adaptivePoll(() => NEVER, { ...config, timeoutMs: 3, onTimeout: () => of('d') })).toBe(
      '---(d|)',
    );
    const failing = () => throwError(() => 'late');
    expectObservable(adaptivePoll(() => NEVER, { ...config, timeoutMs: 3, onTimeout: failing })).toBe(
      '---#',
      undefined,
      'late',
    );
  }),
);

it(
  'never asks twice at once',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const slow = cold('-----(s|)');
    expectObservable(
      adaptivePoll(() => slow, config),
      '10ms !',
    ).toBe('-------s---');
    expectSubscriptions(slow.subscriptions).toBe(['--^----!', '---------^!']);
  }),
);

it(
  'passes an error of a question on',
  marbles(({ cold, expectObservable }) => {
    expectObservable(adaptivePoll(() => cold<string>('-#'), config)).toBe('---#');
  }),
);

it(
  'stops when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const question = cold('(s|)');
    expectObservable(
      adaptivePoll(() => question, config),
      '---!',
    ).toBe('--s-');
    expectSubscriptions(question.subscriptions).toBe(['--(^!)']);
  }),
);

it(
  'emits the error of a callback',
  marbles(({ expectObservable }) => {
    const failing = () => {
      throw 'callback';
    };
    expectObservable(adaptivePoll(answers('s'), { ...config, isDone: failing })).toBe(
      '--#',
      undefined,
      'callback',
    );
  }),
);

it(
  'takes the first response of a request that has two, or does not end',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const poll = { ...config, startingMs: 2, processingMs: 4 };
    const twice = [cold('s-s-s|'), cold('(sd)'), cold('d-----')];
    const asked = [...twice];
    expectObservable(adaptivePoll(() => asked.shift() ?? NEVER, poll)).toBe('--s-s-(d|)');
    for (const [n, one] of twice.entries())
      expectSubscriptions(one.subscriptions).toBe(`${'--'.repeat(n + 1)}(^!)`);
  }),
);

it(
  'asks again, after the usual wait, if a request has no response',
  marbles(({ cold, expectObservable }) => {
    const poll = { ...config, startingMs: 2, processingMs: 4 };
    const silent = [cold('-|'), cold('|'), cold('(d|)')];
    expectObservable(adaptivePoll(() => silent.shift() ?? NEVER, poll)).toBe('-------------(d|)');
    expectObservable(adaptivePoll(() => EMPTY, { ...poll, timeoutMs: 9 })).toBe('---------(t|)');
  }),
);

it('asks by promises too', async () => {
  let asked = 0;
  const polled = adaptivePoll(async () => ++asked, {
    isDone: (n) => n === 3,
    onTimeout: async () => 0,
    startingMs: 1,
    processingMs: 1,
  });
  expect(await lastValueFrom(polled)).toBe(3);
});

it(
  'counts for each subscription by itself',
  marbles(({ expectObservable }) => {
    const polled = adaptivePoll(() => of('p'), { ...config, processingMs: 3, maxDelayMs: 9 });
    expectObservable(polled, '6ms !').toBe('--p--p-');
    expectObservable(polled, '6ms !').toBe('--p--p-');
  }),
);

it('refuses bad options at once', () => {
  expect(() => adaptivePoll(() => NEVER, { ...config, startingMs: 0 })).toThrow(
    'Expected `startingMs` to be a number above 0, got 0',
  );
  expect(() => adaptivePoll(() => NEVER, { ...config, timeoutMs: -1 })).toThrow('`timeoutMs`');
  expect(() => adaptivePoll(() => NEVER, { ...config, maxDelayMs: 0 })).toThrow('`maxDelayMs`');
  expect(() => adaptivePoll(() => NEVER, { ...config, expectedMs: Number.NaN })).toThrow('`expectedMs`');
});

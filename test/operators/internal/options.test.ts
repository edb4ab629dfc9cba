import { NEVER } from 'rxjs';
import { expect, it } from 'vitest';
import { expectOption } from '../../../src/base/options.ts';
import { adaptivePoll } from '../../../src/operators/adaptivePoll.ts';
import { cachedBy } from '../../../src/operators/cachedBy.ts';
import { gate } from '../../../src/operators/gate.ts';
import { expectBound, expectCount, expectWait } from '../../../src/operators/internal/options.ts';
import { inWaves } from '../../../src/operators/inWaves.ts';
import { keepBest } from '../../../src/operators/keepBest.ts';
import { circuitBreaker, createBreaker } from '../../../src/operators/pace/circuitBreaker.ts';
import { createGovernor } from '../../../src/operators/pace/governor.ts';
import { paced } from '../../../src/operators/pace/paced.ts';
import { rateLimit } from '../../../src/operators/pace/rateLimit.ts';
import { pullMap } from '../../../src/operators/pullMap.ts';
import { refine } from '../../../src/operators/refine.ts';
import { requeue } from '../../../src/operators/requeue.ts';
import { downloadOutput } from '../../../src/operators/stages/downloadOutput.ts';
import { renditions } from '../../../src/operators/stages/renditions.ts';
import { scoreImage } from '../../../src/operators/stages/scoreImage.ts';
import { tally } from '../../../src/operators/stages/tally.ts';

it('names the option, the expected and the received value', () => {
  expect(() => expectOption(false, 'concurrency', 'an integer of 1 or more', 0)).toThrow(
    new RangeError('Expected `concurrency` to be an integer of 1 or more, got 0'),
  );
});

it('does nothing if all is right', () => {
  expect(() => expectOption(true, 'concurrency', 'an integer of 1 or more', 1)).not.toThrow();
});

it('has one error for all kinds of options', () => {
  for (const count of [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => expectCount(count, 'concurrency', 1)).toThrow(
      new RangeError(`Expected \`concurrency\` to be an integer of 1 or more, got ${count}`),
    );
  expect(() => expectCount(0, 'retries', 0)).not.toThrow();
  for (const count of [-1, 0.5, Number.NaN])
    expect(() => expectBound(count, 'retries', 0)).toThrow(
      new RangeError(`Expected \`retries\` to be an integer of 0 or more, got ${count}`),
    );
  expect(() => expectBound(Number.POSITIVE_INFINITY, 'retries', 0)).not.toThrow();
  for (const waitMs of [-1, Number.NaN])
    expect(() => expectWait(waitMs, 'delayMs')).toThrow(
      new RangeError(`Expected \`delayMs\` to be a number of 0 or more, got ${waitMs}`),
    );
  expect(() => expectWait(Number.POSITIVE_INFINITY, 'delayMs')).not.toThrow();
});

/** The arguments of a call without any, as a program without types can make it. */
const none = [] as unknown as [never];

it.each<[string, () => unknown, string]>([
  [
    'pullMap',
    () => pullMap([], () => [], ...none),
    '`config` to be an object with `concurrency`, got undefined',
  ],
  [
    'pullMap',
    () => pullMap(5 as never, () => [], ...none),
    '`source` to be an iterable or async iterable, got 5',
  ],
  ['pullMap', () => pullMap([], undefined as never, ...none), '`project` to be a function, got undefined'],
  ['inWaves', () => inWaves([], () => [], ...none), '`config` to be an object with `waveSize` and `pauseMs`'],
  [
    'requeue',
    () => requeue([], () => [], ...none),
    '`config` to be an object with `concurrency` and `retries`',
  ],
  ['refine', () => refine([], ...none), '`config` to be an object with `run`, `next` and `rounds`'],
  ['refine', () => refine([], { rounds: 1 } as never), '`run` to be a function, got undefined'],
  ['rateLimit', () => rateLimit(...none), '`config` to be an object with `limit` and `windowMs`'],
  ['createGovernor', () => createGovernor(...none), '`config` to be an object with `perMinute`'],
  ['createBreaker', () => createBreaker(...none), '`config` to be an object with `failures`'],
  [
    'circuitBreaker',
    () => circuitBreaker(undefined as never, ...none),
    '`breaker` to be a breaker, as createBreaker makes',
  ],
  ['keepBest', () => keepBest(2, ...none), '`config` to be an object with `scoreOf`'],
  ['keepBest', () => keepBest(2, {} as never), '`scoreOf` to be a function, got undefined'],
  [
    'adaptivePoll',
    () => adaptivePoll(() => [], ...none),
    '`config` to be an object with `isDone` and `onTimeout`',
  ],
  ['adaptivePoll', () => adaptivePoll(() => [], {} as never), '`isDone` to be a function, got undefined'],
  ['cachedBy', () => cachedBy(...none), '`config` to be an object with `keyOf` and `make`'],
  ['cachedBy', () => cachedBy({} as never), '`keyOf` to be a function, got undefined'],
  ['cachedBy', () => cachedBy({ keyOf: () => 'a' } as never), '`make` to be a function, got undefined'],
  ['gate', () => gate(...none), '`through` to be a gate, as createGate makes, got undefined'],
  ['paced', () => paced(...none), '`governor` to be a governor, as createGovernor makes, got undefined'],
  ['scoreImage', () => scoreImage(() => 1, ...none), '`config` to be an object with `imageOf`'],
  ['scoreImage', () => scoreImage(() => 1, {} as never), '`imageOf` to be a function, got undefined'],
  ['tally', () => tally(...none), '`config` to be an object with `total`'],
  [
    'downloadOutput',
    () => downloadOutput(undefined as never, ...none),
    '`downloader` to be a downloader, as createDownloader makes',
  ],
  ['renditions', () => renditions(...none), '`renderer` to be a renderer, as createRenderer makes'],
])('%s refuses missing arguments at the call', (_, call, message) => {
  expect(call).toThrow(RangeError);
  expect(call).toThrow(`Expected ${message}`);
});

it('downloadOutput refuses missing options at the call', () => {
  const downloader = { download: () => NEVER };
  expect(() => downloadOutput(downloader, undefined as never)).toThrow(
    '`config` to be an object with `folder`',
  );
});

import { concatMap, EMPTY, firstValueFrom, from, lastValueFrom, NEVER, of, throwError, toArray } from 'rxjs';
import { expect, it, vi } from 'vitest';
import { StorageError, UsageError } from '../../../src/errors.ts';
import { toOutcome } from '../../../src/sinks/stages/toOutcome.ts';
import { type Sink, toSink } from '../../../src/sinks/stages/toSink.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { marbles } from '../../helpers/marbles.ts';

const outcomes = [0, 1, 2].map((index) => anOutcome({ index, costUsd: 0.003 }));
const full = new StorageError('ERR_DISK_FULL', 'full');

/** A sink that notes its calls; `add` adds a tag. */
function noting(fields: Partial<Sink> = {}) {
  const calls: string[] = [];
  const open = async (): Promise<Sink> => {
    calls.push('open');
    return {
      add: (outcome) => {
        calls.push(`add ${outcome.index}`);
        return of({ ...outcome, tags: { in: 'sink' } });
      },
      finish: async () => {
        calls.push('finish');
      },
      close: async () => {
        calls.push('close');
      },
      ...fields,
    };
  };
  return { calls, open };
}

it('refuses values that are no outcomes, and names the missing step', async () => {
  const { calls, open } = noting();
  const item = { index: 0, request: { model: 'a/b', input: {} } } as unknown as Outcome;
  const error = await lastValueFrom(of(item).pipe(toSink('own', open))).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({
    message: 'The sink own expected an outcome, got an object with index, request',
    suggestion: 'Put toOutcome({ folder }) before the sinks of the pipe.',
  });
  expect(calls).toEqual(['open', 'finish', 'close']);
  expect(() => toSink('own', undefined as never)).toThrow('Expected `open` of the sink own to be a function');
  expect(() => toOutcome(undefined as never)).toThrow('Expected `folder` to be a path, got undefined');
});

it('opens before the source begins, adds, then finishes and closes', async () => {
  const { calls, open } = noting();
  const source = from(outcomes).pipe(concatMap((outcome) => of(outcome)));
  const passed = await lastValueFrom(source.pipe(toSink('own', open), toArray()));
  expect(passed).toEqual(outcomes.map((outcome) => ({ ...outcome, tags: { in: 'sink' } })));
  expect(calls).toEqual(['open', 'add 0', 'add 1', 'add 2', 'finish', 'close']);
});

it(
  'opens, adds each outcome as it comes, and finishes',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const values = { a: anOutcome({ index: 0 }), b: anOutcome({ index: 1 }) };
    const sink: Sink = {
      add: (outcome) => cold('---(o|)', { o: outcome }),
      finish: () => cold('-|'),
    };
    const source = cold('  -a-b|', values);
    const open = () => cold('--(o|)', { o: sink });
    expectObservable(source.pipe(toSink('own', open))).toBe('------a-b|', values);
    expectSubscriptions(source.subscriptions).toBe('--^---!');
  }),
);

it('begins nothing if it cannot be opened', async () => {
  let begun = false;
  const source = from(
    (function* () {
      begun = true;
      yield* outcomes;
    })(),
  );
  const open = async () => {
    throw new UsageError('no such database');
  };
  await expect(lastValueFrom(source.pipe(toSink('own', open)))).rejects.toThrow('no such database');
  expect(begun).toBe(false);
});

it.each<[string, Sink['add'], string]>([
  [
    'throws',
    () => {
      throw new TypeError('odd');
    },
    'own did not take image #2: odd',
  ],
  ['rejects', () => Promise.reject('a text'), 'own did not take image #2: a text'],
  ['emits nothing', () => EMPTY, 'own did not take image #2: it emitted nothing'],
  [
    'emits no outcome',
    () => of<never>(undefined as never),
    'own did not take image #2: `add` emitted undefined, expected the outcome',
  ],
])('gives the outcome as failed, and its cost as paid, if the sink %s', async (_how, odd, message) => {
  const add = (outcome: Outcome) => (outcome.index === 1 ? odd(outcome) : of(outcome));
  const { calls, open } = noting({ add });
  const all = from(outcomes).pipe(toSink('own', open, { concurrency: 1 }), toArray());
  const passed = await lastValueFrom(all);
  expect(passed.map(({ index, status, costUsd }) => [index, status, costUsd])).toEqual([
    [0, 'saved', 0.003],
    [1, 'failed', 0.003],
    [2, 'saved', 0.003],
  ]);
  expect(passed[1]?.error).toMatchObject({ name: 'DeliveryError', message, stage: 'delivery' });
  expect(passed[1]?.files).toEqual(outcomes[1]?.files);
  expect(calls).toEqual(['open', 'finish', 'close']);
});

it('finishes its pending outcomes after an error of the source, and passes that error on', async () => {
  const { calls, open } = noting();
  const source = from(outcomes).pipe(
    concatMap((outcome) => (outcome.index === 2 ? throwError(() => full) : of(outcome))),
  );
  await expect(lastValueFrom(source.pipe(toSink('own', open)))).rejects.toBe(full);
  expect(calls).toEqual(['open', 'add 0', 'add 1', 'finish', 'close']);
});

it('emits the error of a disk that refuses, and of a finish that fails, once', async () => {
  const add = (outcome: Outcome) => (outcome.index === 1 ? throwError(() => full) : of(outcome));
  const refusing = noting({ add });
  await expect(lastValueFrom(from(outcomes).pipe(toSink('own', refusing.open)))).rejects.toBe(full);
  expect(refusing.calls).toEqual(['open', 'finish', 'close']);
  const finish = vi.fn(() => Promise.reject(full));
  const unfinished = noting({ finish });
  await expect(lastValueFrom(from(outcomes).pipe(toSink('own', unfinished.open)))).rejects.toBe(full);
  expect(finish).toHaveBeenCalledTimes(1);
  expect(unfinished.calls.at(-1)).toBe('close');
});

it('survives a late sink that cannot be closed', async () => {
  const close = vi.fn(() => {
    throw new Error('no such handle');
  });
  const late = noting({ close });
  NEVER.pipe(toSink('own', late.open)).subscribe().unsubscribe();
  await vi.waitFor(() => expect(close).toHaveBeenCalledOnce());
});

it('closes when it is unsubscribed, also while it opens', async () => {
  const { calls, open } = noting();
  await firstValueFrom(from(outcomes).pipe(toSink('own', open)));
  expect(calls).toEqual(['open', 'add 0', 'close']);
  const late = noting();
  NEVER.pipe(toSink('own', late.open)).subscribe().unsubscribe();
  await expect.poll(() => late.calls).toEqual(['open', 'close']);
});

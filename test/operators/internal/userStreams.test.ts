import { concat, defer, EMPTY, NEVER, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { oneValueOf, streamOf } from '../../../src/operators/internal/userStreams.ts';
import { marbles } from '../../helpers/marbles.ts';

const isText = (value: unknown) => typeof value === 'string';
const wrong = (got: string) => new Error(`got ${got}`);

it(
  'emits the one value, and completes with it',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('--(p|)');
    expectObservable(oneValueOf(() => source, isText, wrong)).toBe('--(p|)');
    expectSubscriptions(source.subscriptions).toBe('^-!');
  }),
);

it(
  'emits the error of a source that has emitted nothing',
  marbles(({ cold, expectObservable }) => {
    expectObservable(oneValueOf(() => cold('--#'), isText, wrong)).toBe('--#');
  }),
);

it(
  'makes an error of no value, and of a wrong one',
  marbles(({ expectObservable }) => {
    expectObservable(oneValueOf(() => EMPTY, isText, wrong)).toBe('#', {}, new Error('got nothing'));
    expectObservable(oneValueOf(() => of(7), isText, wrong)).toBe('#', {}, new Error('got 7'));
  }),
);

it('ignores everything after the value: a second one, an error, or no end', async () => {
  const ends = [of('q'), defer(() => throwError(() => new Error('late'))), NEVER];
  for (const end of ends) {
    const events: string[] = [];
    await new Promise<void>((resolve) => {
      oneValueOf(() => concat(of('p'), end), isText, wrong).subscribe({
        next: (value) => events.push(value),
        complete: resolve,
        error: (error: Error) => resolve(void events.push(error.message)),
      });
    });
    expect(events).toEqual(['p']);
  }
});

it('subscribes to promises, and names values that are neither that nor a stream', async () => {
  const seen: unknown[] = [];
  await new Promise<void>((resolve) => {
    streamOf(() => Promise.resolve('p'), wrong).subscribe({
      next: (value) => seen.push(value),
      complete: resolve,
    });
  });
  streamOf(() => undefined as never, wrong).subscribe({ error: (error: Error) => seen.push(error.message) });
  expect(seen).toEqual(['p', 'got undefined, which is no Observable and no promise']);
});

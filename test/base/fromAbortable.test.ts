import { expect, it } from 'vitest';
import { abortOf } from '../../src/base/fromAbortable.ts';

/** Returns what a subscriber sees of the aborts of a signal. */
function watched(signal: AbortSignal | undefined): { readonly seen: unknown[]; leave(): void } {
  const seen: unknown[] = [];
  const subscription = abortOf(signal).subscribe(() => seen.push('abort'));
  return { seen, leave: () => subscription.unsubscribe() };
}

it('tells an abort that comes, and at once one that has been', () => {
  const controller = new AbortController();
  const { seen } = watched(controller.signal);
  expect(seen).toEqual([]);
  controller.abort();
  expect(seen).toEqual(['abort']);
  expect(watched(controller.signal).seen).toEqual(['abort']);
});

it('never tells one without a signal, or after it is left', () => {
  const controller = new AbortController();
  const { seen, leave } = watched(controller.signal);
  leave();
  controller.abort();
  expect([...seen, ...watched(undefined).seen]).toEqual([]);
});

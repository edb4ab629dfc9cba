import { expect, it } from 'vitest';
import { abortOf } from '../../src/base/fromAbortable.ts';

/** Returns the aborts of a signal that a subscriber sees. */
function watched(signal: AbortSignal | undefined): { readonly seen: unknown[]; leave(): void } {
  const seen: unknown[] = [];
  const subscription = abortOf(signal).subscribe(() => seen.push('abort'));
  return { seen, leave: () => subscription.unsubscribe() };
}

it('emits at an abort, and at once if it was before', () => {
  const controller = new AbortController();
  const { seen } = watched(controller.signal);
  expect(seen).toEqual([]);
  controller.abort();
  expect(seen).toEqual(['abort']);
  expect(watched(controller.signal).seen).toEqual(['abort']);
});

it('never emits without a signal, or after an unsubscribe', () => {
  const controller = new AbortController();
  const { seen, leave } = watched(controller.signal);
  leave();
  controller.abort();
  expect([...seen, ...watched(undefined).seen]).toEqual([]);
});

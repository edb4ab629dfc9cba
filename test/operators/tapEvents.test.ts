import { EMPTY, NEVER } from 'rxjs';
import { expect, it } from 'vitest';
import { tapEvents } from '../../src/operators/tapEvents.ts';
import { marbles } from '../helpers/marbles.ts';

const recorder = () => {
  const events: string[] = [];
  return { events, emit: (event: string) => events.push(event) };
};

it(
  'reports the notifications and leaves the stream unchanged',
  marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
    const { events, emit } = recorder();
    const source = cold('a-b|');
    const tapped = source.pipe(
      tapEvents(emit, {
        subscribe: () => 'begin',
        next: (value) => (value === 'a' ? 'A' : null),
        error: () => 'never',
        complete: () => 'end',
      }),
    );
    expectObservable(tapped).toBe('a-b|');
    expectSubscriptions(source.subscriptions).toBe('^--!');
    flush();
    expect(events).toEqual(['begin', 'A', 'end']);
  }),
);

it(
  'reports an error and passes it on',
  marbles(({ cold, expectObservable, flush }) => {
    const { events, emit } = recorder();
    expectObservable(cold('-#').pipe(tapEvents(emit, { error: (error) => `failed: ${error}` }))).toBe('-#');
    flush();
    expect(events).toEqual(['failed: error']);
  }),
);

it(
  'passes on never and empty, and stops when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const { emit } = recorder();
    expectObservable(NEVER.pipe(tapEvents(emit, {})), '--!').toBe('---');
    expectObservable(EMPTY.pipe(tapEvents(emit, {}))).toBe('|');
    const endless = cold('a---');
    expectObservable(endless.pipe(tapEvents(emit, {})), '-!').toBe('a-');
    expectSubscriptions(endless.subscriptions).toBe('^!');
  }),
);

it(
  'emits the error of a callback or the receiver',
  marbles(({ cold, expectObservable }) => {
    const failing = () => {
      throw 'callback';
    };
    expectObservable(cold('a').pipe(tapEvents(() => {}, { next: failing }))).toBe('#', undefined, 'callback');
    expectObservable(cold('a').pipe(tapEvents(failing, { next: () => 'A' }))).toBe(
      '#',
      undefined,
      'callback',
    );
    expectObservable(cold('|').pipe(tapEvents(() => {}, { complete: failing }))).toBe(
      '#',
      undefined,
      'callback',
    );
    expectObservable(cold('#').pipe(tapEvents(() => {}, { error: failing }))).toBe(
      '#',
      undefined,
      'callback',
    );
    expectObservable(cold('a').pipe(tapEvents(() => {}, { subscribe: failing }))).toBe(
      '#',
      undefined,
      'callback',
    );
  }),
);

import { EventEmitter } from 'node:events';
import { asyncScheduler, merge } from 'rxjs';
import { expect, it } from 'vitest';
import { interruption } from '../../../src/cli/script/interruption.ts';
import { marbles } from '../../helpers/marbles.ts';

const names = { s: 'SIGINT', t: 'SIGTERM' };

it.each([
  ['an echo of the first', '--s-s-----s--', '--(s|)', '----------(s|)'],
  ['a second just in time', '--s----t-----', '--(s|)', '-------(t|)'],
  ['one signal', '-t-----------', '-(t|)', '-------------'],
  ['no signal', '-------------', '-------------', '-------------'],
  ['many', '-ssss-ssssss-', '-(s|)', '------(s|)'],
])('separates stop from leave: %s', (_name, signals, stopped, left) => {
  marbles(({ hot, expectObservable }) => {
    const source = new EventEmitter();
    hot(signals, names).subscribe((name) => source.emit(name));
    const { stop, leave } = interruption({ process: source, graceMs: 5, scheduler: asyncScheduler });
    const unsubscribed = '12ms !';
    expectObservable(stop, unsubscribed).toBe(stopped, names);
    expectObservable(leave, unsubscribed).toBe(left, names);
  })();
});

it('listens only while subscribed', () => {
  const source = new EventEmitter();
  const { stop, leave } = interruption({ process: source });
  expect(source.listenerCount('SIGINT')).toBe(0);
  const subscription = merge(stop, leave).subscribe();
  expect(source.listenerCount('SIGINT')).toBe(1);
  expect(source.listenerCount('SIGTERM')).toBe(1);
  source.emit('SIGINT');
  expect(source.listenerCount('SIGINT')).toBe(1);
  subscription.unsubscribe();
  expect(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM')).toBe(0);
});

it('emits an earlier stop to a late subscriber', () => {
  const source = new EventEmitter();
  const { stop, leave } = interruption({ process: source });
  const subscription = leave.subscribe();
  source.emit('SIGTERM');
  const seen: string[] = [];
  stop.subscribe((signal) => seen.push(signal));
  subscription.unsubscribe();
  expect(seen).toEqual(['SIGTERM']);
});

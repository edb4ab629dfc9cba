import { expect, it } from 'vitest';
import { createGate } from '../../src/operators/gate.ts';

it('refuses a bad number of slots at once', () => {
  expect(() => createGate(0)).toThrow('Expected `concurrency` to be an integer of 1 or more, got 0');
  expect(() => createGate(Number.NaN)).toThrow('got NaN');
});

it('lets the next one in when a slot is freed, and counts a slot once', () => {
  const gate = createGate(1);
  const entered: string[] = [];
  const leaveFirst = gate.enter(() => entered.push('first'));
  const leaveSecond = gate.enter(() => entered.push('second'));
  gate.enter(() => entered.push('third'));
  expect(entered).toEqual(['first']);
  leaveFirst();
  leaveFirst();
  expect(entered).toEqual(['first', 'second']);
  leaveSecond();
  expect(entered).toEqual(['first', 'second', 'third']);
});

it('adds slots at once, and removes them as they become free', () => {
  const gate = createGate(1);
  const inside: string[] = [];
  const leave = ['a', 'b', 'c'].map((name) => gate.enter(() => inside.push(name)));
  gate.resize(2);
  expect(inside).toEqual(['a', 'b']);
  gate.resize(1);
  leave[0]?.();
  expect(inside).toEqual(['a', 'b']);
  leave[1]?.();
  expect(inside).toEqual(['a', 'b', 'c']);
  expect(() => gate.resize(0)).toThrow('got 0');
});

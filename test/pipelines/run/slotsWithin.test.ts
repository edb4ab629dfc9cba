import { expect, it } from 'vitest';
import { createGate } from '../../../src/operators/gate.ts';
import { slotsWithin } from '../../../src/pipelines/run/concurrency.ts';

it.each([
  ['its own slots', 1, 2],
  ['those that it shares', 3, 1],
])('lets patient callers wait for the others in the line of %s', (_, ownSlots, sharedSlots) => {
  const shared = createGate(sharedSlots);
  const slots = slotsWithin(shared, ownSlots);
  const entered: string[] = [];
  const leave = slots.enter(() => entered.push('first'));
  slots.enter(() => entered.push('patient'), undefined, { isPatient: true });
  const leaveOther = slots.enter(() => entered.push('other'));
  leave();
  expect(entered).toEqual(['first', 'other']);
  leaveOther();
  expect(entered).toEqual(['first', 'other', 'patient']);
});

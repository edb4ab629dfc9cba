import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createFifoQueue } from '../../../src/base/items/fifoQueue.ts';

it('keeps the order of joining, even if some leave meanwhile', () => {
  const step = fc.record({ kind: fc.constantFrom('join', 'take', 'leave'), which: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const line = createFifoQueue<number>();
      const leaves: (() => void)[] = [];
      let model: number[] = [];
      for (const { kind, which } of steps) {
        if (kind === 'join') {
          model.push(leaves.length);
          leaves.push(line.join(leaves.length));
        } else if (kind === 'take') {
          expect(line.takeFirst()).toBe(model.shift());
        } else if (which < leaves.length) {
          leaves[which]?.();
          model = model.filter((value) => value !== which);
        }
        expect(line.size).toBe(model.length);
      }
    }),
  );
});

it('is empty at first and after the last one, and can be joined again', () => {
  const line = createFifoQueue<string>();
  expect(line.takeFirst()).toBeUndefined();
  const leave = line.join('a');
  leave();
  leave();
  expect(line.size).toBe(0);
  line.join('b');
  expect(line.takeFirst()).toBe('b');
});

it('takes each as quickly, however many wait', () => {
  const line = createFifoQueue<number>();
  for (let n = 0; n < 400_000; n += 1) line.join(n);
  // Of this process alone: others may have the cores meanwhile.
  const before = process.cpuUsage();
  while (line.takeFirst() !== undefined);
  const { user } = process.cpuUsage(before);
  expect(line.size).toBe(0);
  // A few ms; with an array or a Set more than ten seconds.
  expect(user / 1_000).toBeLessThan(2_000);
});

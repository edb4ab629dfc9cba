import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIndexSet } from '../../src/base/indexSet.ts';

describe('createIndexSet', () => {
  it('holds the same values as a Set', () => {
    const change = fc.record({ add: fc.boolean(), index: fc.nat(100_000) });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const indexes = createIndexSet();
        const expected = new Set<number>();
        for (const { add, index } of changes) {
          indexes[add ? 'add' : 'delete'](index);
          expected[add ? 'add' : 'delete'](index);
        }
        expect(indexes.size).toBe(expected.size);
        for (const { index } of changes) expect(indexes.has(index)).toBe(expected.has(index));
      }),
    );
  });
});

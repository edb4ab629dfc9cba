import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createOccurrences } from '../../../src/base/items/occurrences.ts';

it('counts as a Map does', () => {
  const text = fc.oneof(fc.string({ maxLength: 2 }), fc.constantFrom('a', 'b', '', '\0', 'é', 'e\u0301'));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 3_000 }), (texts) => {
      const occurrences = createOccurrences();
      const map = new Map<string, number>();
      for (const each of texts) {
        const before = map.get(each) ?? 0;
        expect(occurrences.timesOf(each)).toBe(before);
        expect(occurrences.count(each)).toBe(before);
        map.set(each, before + 1);
      }
    }),
    { numRuns: 50 },
  );
});

it('still knows everything after it has grown, in 16 to 32 bytes a text', () => {
  const texts = 200_000;
  const bytesBefore = process.memoryUsage().arrayBuffers;
  const occurrences = createOccurrences();
  let wrong = 0;
  for (let text = 0; text < texts; text += 1) wrong += occurrences.count(`prompt ${text}`) === 0 ? 0 : 1;
  for (let text = 0; text < texts; text += 1) wrong += occurrences.count(`prompt ${text}`) === 1 ? 0 : 1;
  expect(wrong).toBe(0);
  // Twice the table, as the old ones may not have been collected yet.
  expect(process.memoryUsage().arrayBuffers - bytesBefore).toBeLessThan(texts * 64);
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { highestQuality } from '../../src/renditions/encode.ts';

const qualityLevels = fc.integer({ min: 1, max: 100 });

it('finds the highest quality that fits, in eight encodings at most', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(1_000), { minLength: 101, maxLength: 101 }),
      qualityLevels,
      qualityLevels,
      fc.nat(101_000),
      async (steps, one, other, limit) => {
        const [least, most] = [Math.min(one, other), Math.max(one, other)];
        const sizeAt = (quality: number) => steps.slice(0, quality).reduce((sum, step) => sum + step, 0);
        const tried: number[] = [];
        const found = await highestQuality(
          async (quality) => {
            tried.push(quality);
            return { quality, size: sizeAt(quality) };
          },
          ({ size }) => size <= limit,
          { least, most },
        );
        const fitting = Array.from({ length: most - least + 1 }, (_, n) => most - n).find(
          (quality) => sizeAt(quality) <= limit,
        );
        expect(found?.quality).toBe(fitting);
        expect(tried.length).toBeLessThanOrEqual(8);
      },
    ),
  );
});

it('gives nothing that does not fit, however the sizes go up and down', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(1_000), { minLength: 101, maxLength: 101 }),
      fc.nat(1_000),
      async (sizes, limit) => {
        const sizeAt = async (quality: number) => sizes[quality] ?? 0;
        const found = await highestQuality(sizeAt, (size) => size <= limit, { least: 30, most: 85 });
        expect(found ?? 0).toBeLessThanOrEqual(limit);
      },
    ),
  );
});

it('passes on the error of an encoder', async () => {
  const encode = () => Promise.reject(new Error('no'));
  await expect(highestQuality(encode, () => true, { least: 30, most: 85 })).rejects.toThrow('no');
});

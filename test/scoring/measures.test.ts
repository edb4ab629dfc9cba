import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import type { Measure, Pixels } from '../../src/scoring/measures.ts';
import { measures } from '../../src/scoring/measures.ts';
import { createNovelty, hashDistance, pictureHash } from '../../src/scoring/novelty.ts';
import { palette } from '../../src/scoring/palette.ts';
import { mixMeasures } from '../../src/scoring/scorer.ts';
import { aPicture } from '../helpers/aPicture.ts';

const { sharpness, contrast, entropy, colourfulness, exposure } = measures;
const grey = aPicture(16, 16, () => 128);
const checkers = aPicture(16, 16, (x, y) => ((x + y) % 2) * 255);
const halves = aPicture(16, 16, (x) => (x < 8 ? 0 : 255));
const ramp = aPicture(256, 4, (x) => x);

/** Every pixel becomes the mean of its neighbourhood. */
function blurred({ widthPx, heightPx, rgb }: Pixels): Pixels {
  return aPicture(widthPx, heightPx, (x, y) => {
    let sum = 0;
    let count = 0;
    for (let down = Math.max(0, y - 1); down <= Math.min(heightPx - 1, y + 1); down += 1) {
      for (let right = Math.max(0, x - 1); right <= Math.min(widthPx - 1, x + 1); right += 1) {
        sum += rgb[(down * widthPx + right) * 3] ?? 0;
        count += 1;
      }
    }
    return sum / count;
  });
}

describe('images whose measures are known by hand', () => {
  it.each<[string, Measure, Pixels, number]>([
    ['sharpness of one grey', sharpness, grey, 0],
    // Each pixel's neighbours are all its opposite: the Laplacian is ±1020, its variance 1020².
    ['sharpness of a checkerboard', sharpness, checkers, 1020 ** 2 / (1020 ** 2 + 500)],
    ['sharpness of a ramp, which has no edge', sharpness, ramp, 0],
    ['sharpness of a line of pixels', sharpness, aPicture(5, 1, (x) => x * 50), 0],
    ['contrast of one grey', contrast, grey, 0],
    ['contrast of black and white', contrast, halves, 1],
    // A uniform ramp 0…255 has a variance of (256² - 1) / 12.
    ['contrast of a ramp', contrast, ramp, Math.sqrt((256 ** 2 - 1) / 12) / 127.5],
    ['entropy of one grey', entropy, grey, 0],
    ['entropy of two greys', entropy, halves, 1 / 8],
    ['entropy of all greys', entropy, ramp, 1],
    ['colourfulness of grey', colourfulness, ramp, 0],
    // rg = 255, yb = 127.5 everywhere: no spread, so 0.3 times their length.
    [
      'colourfulness of red',
      colourfulness,
      aPicture(4, 4, () => [255, 0, 0]),
      (0.3 * Math.hypot(255, 127.5)) / 109,
    ],
    ['exposure of one grey', exposure, grey, 1],
    ['exposure of black and white', exposure, halves, 0],
    ['exposure of a ramp', exposure, ramp, 1 - 6 / 256],
    ['palette of its own colour', palette(['#808080']), grey, 1],
    // White and black are 100 apart.
    ['palette of the opposite', palette(['white']), aPicture(4, 4, () => 0), 0],
    ['palette, half of it', palette(['white']), halves, 0],
    ['palette, the nearest of several', palette(['#000', '#fff', 'red']), halves, 1],
  ])('%s', (_what, measure, pixels, expected) => {
    expect(measure(pixels)).toBeCloseTo(expected, 5);
  });
});

const anyPicture = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([width, height]) =>
    fc.uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 }).map((bytes) =>
      aPicture(width, height, (x, y) => {
        const at = (y * width + x) * 3;
        return [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
      }),
    ),
  );

it.each([
  ...Object.entries(measures),
  ['palette', palette(['#ff6600'])],
  ['novelty', createNovelty()],
] as const)('%s is between 0 and 1 for any image', (_name, measure) => {
  fc.assert(
    fc.property(anyPicture, (pixels) => {
      const score = measure(pixels);
      expect(score >= 0 && score <= 1).toBe(true);
    }),
  );
});

it('rates a blurred image less sharp', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 400, maxLength: 400 }), (bytes) => {
      const noise = aPicture(20, 20, (x, y) => bytes[y * 20 + x] ?? 0);
      expect(sharpness(blurred(noise))).toBeLessThanOrEqual(sharpness(noise));
    }),
  );
});

it('distinguishes near duplicates from other images', () => {
  const scene = (shift: number) =>
    aPicture(64, 64, (x, y) => 128 + 100 * Math.sin((x + shift) / 9) * Math.cos(y / 7 + shift / 5));
  const novelty = createNovelty();
  expect(novelty(scene(0))).toBe(1);
  expect(novelty(scene(0))).toBe(0);
  expect(novelty(blurred(scene(0)))).toBeLessThan(0.15);
  expect(novelty(scene(25))).toBeGreaterThan(0.4);
});

it('counts differing bits', () => {
  expect(hashDistance(0n, 0n)).toBe(0);
  expect(hashDistance(0b1010n, 0b0101n)).toBe(4);
  expect(hashDistance(2n ** 64n - 1n, 0n)).toBe(64);
  expect(pictureHash(grey)).toBe(0n);
});

it('mixes by weight', () => {
  const mix = mixMeasures([
    { measure: contrast, weight: 1 },
    { measure: entropy, weight: 3 },
  ]);
  expect(mix(halves)).toBeCloseTo((1 + 3 / 8) / 4);
  expect(() => mixMeasures([])).toThrow(UsageError);
  expect(() => mixMeasures([{ measure: contrast, weight: -1 }])).toThrow('got -1');
});

it('refuses an empty palette, and an invalid colour', () => {
  expect(() => palette([])).toThrow(UsageError);
  expect(() => palette(['#ggg'])).toThrow('got #ggg');
});

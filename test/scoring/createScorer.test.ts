import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, of } from 'rxjs';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { ScoreError, UsageError } from '../../src/errors.ts';
import { scoreImage } from '../../src/operators/stages/scoreImage.ts';
import { scoreSpecSchema } from '../../src/pipelines/workflows/refinement/score.ts';
import type { ScoreSpec } from '../../src/scoring/scorer.ts';
import { createScorer, readPixels } from '../../src/scoring/scorer.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const image = (name: string) => ({ path: join(folder(), name), prompt: 'a pear', index: 0 });

async function score(spec: ScoreSpec, name: string): Promise<number> {
  const scored = of(name).pipe(scoreImage(createScorer(spec), { imageOf: image }));
  return (await lastValueFrom(scored)).score;
}

const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;

it('rates a file as its spec describes, the same in every format', async () => {
  const source = sharp({ create: { width: 300, height: 200, channels: 3, background: '#336699', noise } });
  const png = await source.png().toBuffer();
  await writeFile(join(folder(), 'sharp.png'), png);
  await writeFile(join(folder(), 'sharp.webp'), await sharp(png).webp({ lossless: true }).toBuffer());
  await writeFile(join(folder(), 'soft.png'), await sharp(png).blur(3).png().toBuffer());
  const spec = { sharpness: 2, contrast: 1, palette: { colours: ['#336699'], weight: 1 } };
  const best = await score(spec, 'sharp.png');
  expect(await score(spec, 'sharp.webp')).toBeCloseTo(best, 10);
  expect(await score(spec, 'soft.png')).toBeLessThan(best);
});

it('decodes any image to 8 bits of sRGB within 512 px, upright, on white', async () => {
  const tall = sharp({ create: { width: 2000, height: 1000, channels: 4, background: '#00000000' } });
  await writeFile(join(folder(), 'clear.png'), await tall.png().withMetadata({ orientation: 6 }).toBuffer());
  const pixels = await readPixels(image('clear.png'));
  expect([pixels.widthPx, pixels.heightPx]).toEqual([256, 512]);
  expect(pixels.rgb.length).toBe(256 * 512 * 3);
  expect(new Set(pixels.rgb)).toEqual(new Set([255]));
  const deep = sharp({ create: { width: 1, height: 1, channels: 3, background: '#808080' } });
  await writeFile(join(folder(), 'deep.png'), await deep.toColourspace('rgb16').png().toBuffer());
  expect([...(await readPixels(image('deep.png'))).rgb]).toEqual([128, 128, 128]);
  const greyOnly = sharp({ create: { width: 3, height: 2, channels: 3, background: '#404040' } });
  await writeFile(join(folder(), 'grey.png'), await greyOnly.toColourspace('b-w').png().toBuffer());
  expect((await readPixels(image('grey.png'))).rgb.length).toBe(18);
});

it('names an image that cannot be decoded', async () => {
  await writeFile(join(folder(), 'broken.png'), 'no picture');
  await expect(score({ sharpness: 1 }, 'broken.png')).rejects.toThrow(ScoreError);
  await expect(score({ sharpness: 1 }, 'missing.png')).rejects.toThrow('image #1');
});

it.each([
  ['sharpness', { sharpness: 1 }],
  [
    { contrast: 0.5, palette: { colours: ['#f60'] } },
    { contrast: 0.5, palette: { colours: ['#f60'], weight: 1 } },
  ],
])('reads %j', (given, expected) => {
  expect(scoreSpecSchema.parse(given)).toEqual(expected);
});

it.each([
  [{ sharpness: 0 }],
  [{}],
  ['beauty'],
  [{ palette: { colours: ['orange-ish'] } }],
  [{ contrast: -1 }],
])('refuses %j', (given) => {
  expect(scoreSpecSchema.safeParse(given).success).toBe(false);
});

it('refuses a score without any weight', () => {
  expect(() => createScorer({})).toThrow(UsageError);
});

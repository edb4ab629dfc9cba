// Measures the rating of an image of 1024 x 1024 px of noise, the worst case of every codec: the
// decode, which all measures of a score share, and each measure.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { createNovelty, palette, readPixels } from '../src/scoring/index.ts';
import { measures } from '../src/scoring/measures.ts';

const ROUNDS = 40;
// Otherwise repeated reads of the same file would come from sharp's cache.
sharp.cache(false);
const folder = await mkdtemp(join(tmpdir(), 'rxposure-bench-'));
const path = join(folder, 'picture.webp');
const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
await sharp({ create: { width: 1024, height: 1024, channels: 3, background: '#888', noise } })
  .webp({ quality: 80 })
  .toFile(path);
const image = { path, prompt: '', index: 0 };
const pixels = await readPixels(image);

await time('decode', () => readPixels(image));
const all = { ...measures, palette: palette(['#ff6600', '#003366']), novelty: createNovelty() };
for (const [name, measure] of Object.entries(all)) await time(name, () => measure(pixels));
await rm(folder, { recursive: true, force: true });

async function time(name: string, work: () => unknown): Promise<void> {
  const tookMs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const beganAtMs = performance.now();
    await work();
    tookMs.push(performance.now() - beganAtMs);
  }
  const median = tookMs.toSorted((a, b) => a - b)[ROUNDS / 2] ?? 0;
  console.log(`${name.padEnd(14)} ${median.toFixed(2)} ms`);
}

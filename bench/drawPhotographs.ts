import { copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { ImageFile } from '../src/types.ts';

const SIDE_PX = 1_024;
/** Images that are drawn; further ones are copies. */
const DIFFERENT = 20;
const MEAN = 128;
/** Layers of noise that are enlarged to shapes: side and strength. The last one is grain. */
const LIGHT = [
  [6, 45],
  [24, 35],
  [96, 25],
  [256, 10],
  [1_024, 4],
] as const;
/** Colours change more slowly than light. */
const COLOUR = [
  [6, 25],
  [24, 10],
] as const;

/**
 * Draws PNGs of 1024 x 1024 that are about as hard to compress as photographs: soft shapes of all
 * sizes, and grain. 12 bits a pixel, filtered row by row, as the encoders of image models do it.
 */
export async function drawPhotographs(folder: string, count: number): Promise<ImageFile[]> {
  const originals: ImageFile[] = [];
  for (let index = 0; index < count; index += 1) {
    const path = join(folder, `${index}.png`);
    const same = originals[index - DIFFERENT];
    if (same === undefined) await draw(path);
    else await copyFile(same.path, path);
    const { size } = await stat(path);
    originals.push({ path, bytes: size, sha256: '', format: 'png', widthPx: SIDE_PX, heightPx: SIDE_PX });
  }
  return originals;
}

async function draw(path: string): Promise<void> {
  const light = await Promise.all(LIGHT.map(([sidePx, sigma]) => noise(sidePx, sigma)));
  const colour = await Promise.all(COLOUR.map(([sidePx, sigma]) => noise(sidePx, sigma)));
  const pixels = Buffer.alloc(SIDE_PX * SIDE_PX * 3);
  for (let at = 0; at < pixels.length; at += 1) {
    // One channel's noise for all three.
    const lit = light.reduce((total, layer) => total + (layer[at - (at % 3)] ?? MEAN) - MEAN, MEAN);
    const sum = colour.reduce((total, layer) => total + (layer[at] ?? MEAN) - MEAN, lit);
    pixels[at] = Math.min(255, Math.max(0, sum));
  }
  const raw = { width: SIDE_PX, height: SIDE_PX, channels: 3 } as const;
  await sharp(pixels, { raw }).png({ adaptiveFiltering: true }).toFile(path);
}

async function noise(sidePx: number, sigma: number): Promise<Buffer> {
  const grain = { type: 'gaussian', mean: MEAN, sigma } as const;
  const create = { width: sidePx, height: sidePx, channels: 3, background: '#888', noise: grain } as const;
  const small = await sharp({ create }).removeAlpha().png().toBuffer();
  return sharp(small).resize(SIDE_PX, SIDE_PX).removeAlpha().raw().toBuffer();
}

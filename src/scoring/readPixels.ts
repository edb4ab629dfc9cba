import sharp from 'sharp';
import { ScoreError } from '../errors.ts';
import type { ImageToScore } from '../ports.ts';
import type { Pixels } from './Pixels.ts';

/** Enough to tell sharp from blurred, and 20 times quicker than a whole picture. */
const SIDE_PX = 512;
const MAX_INPUT_PIXELS = 0x3fff * 0x3fff;

/**
 * Decodes a picture for scorers: upright, sRGB, transparency on white, within 512 x 512 px (never enlarged). Rejects with
 * `ScoreError` where it cannot be decoded.
 */
export async function readPixels({ path, index }: ImageToScore): Promise<Pixels> {
  try {
    const { data, info } = await sharp(path, { autoOrient: true, limitInputPixels: MAX_INPUT_PIXELS })
      .resize({ width: SIDE_PX, height: SIDE_PX, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const rgb = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { widthPx: info.width, heightPx: info.height, rgb, grey: greyOf(rgb) };
  } catch (cause) {
    throw new ScoreError(`Expected image #${index + 1} to be a picture that can be decoded, got ${path}`, {
      suggestion: 'Open it to see what the model made; score only pictures.',
      cause,
    });
  }
}

function greyOf(rgb: Uint8Array): Float32Array {
  const grey = new Float32Array(rgb.length / 3);
  for (let pixel = 0; pixel < grey.length; pixel += 1) {
    const at = pixel * 3;
    grey[pixel] = 0.299 * (rgb[at] ?? 0) + 0.587 * (rgb[at + 1] ?? 0) + 0.114 * (rgb[at + 2] ?? 0);
  }
  return grey;
}

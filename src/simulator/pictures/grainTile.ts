import sharp from 'sharp';
import { createRandom } from '../createRandom.ts';

const SIDE_PX = 256;
let tile: Promise<Buffer> | undefined;

/** A tile of fine noise, so that pictures compress like photographs and not like drawings. Made once. */
export function grainTile(): Promise<Buffer> {
  tile ??= makeTile();
  return tile;
}

function makeTile(): Promise<Buffer> {
  const random = createRandom('grain');
  const pixels = Buffer.alloc(SIDE_PX * SIDE_PX * 4);
  for (let at = 0; at < pixels.length; at += 4) {
    const grey = Math.round(random.between(60, 195));
    pixels.set([grey, grey, grey, 150], at);
  }
  return sharp(pixels, { raw: { width: SIDE_PX, height: SIDE_PX, channels: 4 } })
    .png()
    .toBuffer();
}

import sharp from 'sharp';
import { drawScene } from './drawScene.ts';
import { encodePicture } from './encodePicture.ts';
import type { PictureFrame } from './frameOf.ts';

const LONG_SIDE_PX = 64;

/** A tiny picture of a frame's shape and format, for load tests. */
export function drawSmallPicture(frame: PictureFrame): Promise<Buffer> {
  const scale = LONG_SIDE_PX / Math.max(frame.widthPx, frame.heightPx);
  const widthPx = Math.max(1, Math.round(frame.widthPx * scale));
  const heightPx = Math.max(1, Math.round(frame.heightPx * scale));
  return encodePicture(sharp(Buffer.from(drawScene('small', widthPx, heightPx))), frame);
}

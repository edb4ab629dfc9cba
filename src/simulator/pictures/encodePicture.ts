import type { Sharp } from 'sharp';
import type { PictureFrame } from './frameOf.ts';

/** The bytes of a picture in a frame's format, encoded for speed rather than for size. */
export function encodePicture(picture: Sharp, { format, quality }: PictureFrame): Promise<Buffer> {
  const opaque = picture.removeAlpha();
  switch (format) {
    case 'jpg':
      return opaque.jpeg({ quality }).toBuffer();
    case 'webp':
      return opaque.webp({ quality, effort: 1 }).toBuffer();
    case 'png':
      return opaque.png({ compressionLevel: 2 }).toBuffer();
  }
}

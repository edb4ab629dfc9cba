import type { OutputInfo, Sharp } from 'sharp';
import { RenderError } from '../errors.ts';
import type { RenditionFormat, RenditionSpec } from '../types.ts';

const WHITE = '#ffffff';
const TRANSPARENT = { r: 0, g: 0, b: 0, alpha: 0 };

/**
 * How hard each encoder tries. Measured on a 1024 px picture: WebP at effort 2 takes 60 % of the default's time for 6 %
 * more bytes, AVIF at effort 2 a tenth for 1 % more; mozjpeg saves 20 % of the bytes for a sixth more of the time.
 */
const ENCODERS: Readonly<Record<RenditionFormat, (image: Sharp, quality: number) => Sharp>> = {
  jpeg: (image, quality) => image.flatten({ background: WHITE }).jpeg({ quality, mozjpeg: true }),
  webp: (image, quality) => image.webp({ quality, effort: 2 }),
  avif: (image, quality) => image.avif({ quality, effort: 2 }),
  png: (image) => image.png(),
};

/**
 * Fits a picture into the rendition's frame and encodes it. What `contain` leaves free is white in JPEG and transparent
 * elsewhere. Rejects with `RenderError` (`ERR_RENDER_FAILED`) where the encoder refuses.
 */
export async function encodeRendition(
  image: Sharp,
  spec: RenditionSpec,
): Promise<{ data: Buffer; info: OutputInfo }> {
  const { widthPx: width, heightPx: height, fit, format, quality } = spec;
  const background = format === 'jpeg' ? WHITE : TRANSPARENT;
  const fitted = image.resize({ width, height, fit, background });
  try {
    return await ENCODERS[format](fitted, quality).toBuffer({ resolveWithObject: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RenderError(
      'ERR_RENDER_FAILED',
      `Expected to make rendition ${spec.name} (${width}x${height} ${format}), got: ${reason}`,
      { suggestion: 'Choose another size or format for this rendition.', cause: error },
    );
  }
}

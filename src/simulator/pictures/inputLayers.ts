import sharp, { type OverlayOptions } from 'sharp';
import type { PictureFrame } from './frameOf.ts';
import type { InputImage } from './InputImage.ts';

/**
 * The input images side by side over the whole frame, so opaque that as much of the scene below shows through as `strength`
 * says (0…1; 1 hides them).
 */
export async function inputLayers(
  images: readonly InputImage[],
  { widthPx, heightPx }: PictureFrame,
  strength: number,
): Promise<OverlayOptions[]> {
  const opacity = Math.min(1, Math.max(0, 1 - strength));
  const leftOf = (place: number) => Math.round((place * widthPx) / images.length);
  return Promise.all(
    images.map(async ({ bytes }, place) => {
      const left = leftOf(place);
      const columnPx = Math.max(1, leftOf(place + 1) - left);
      const column = sharp(bytes).autoOrient().resize(columnPx, heightPx, { fit: 'cover' });
      const { data, info } = await column
        .toColourspace('srgb')
        .removeAlpha()
        .ensureAlpha(opacity)
        .raw()
        .toBuffer({ resolveWithObject: true });
      const { width, height, channels } = info;
      return { input: data, raw: { width, height, channels }, left, top: 0 };
    }),
  );
}

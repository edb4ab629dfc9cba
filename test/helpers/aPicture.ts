import type { Pixels } from '../../src/scoring/measures.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** An image whose pixels are computed from their positions. */
export function aPicture(
  widthPx: number,
  heightPx: number,
  at: (x: number, y: number) => Colour | number,
): Pixels {
  const rgb = new Uint8Array(widthPx * heightPx * 3);
  const grey = new Float32Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y += 1) {
    for (let x = 0; x < widthPx; x += 1) {
      const value = at(x, y);
      const [red, green, blue] = typeof value === 'number' ? [value, value, value] : value;
      rgb.set([red, green, blue], (y * widthPx + x) * 3);
      grey[y * widthPx + x] = 0.299 * red + 0.587 * green + 0.114 * blue;
    }
  }
  return { widthPx, heightPx, rgb, grey };
}

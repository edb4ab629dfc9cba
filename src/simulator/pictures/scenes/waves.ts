import type { Canvas } from '../Canvas.ts';
import { ridge } from './ridge.ts';
import { sun } from './sun.ts';

const BANDS = 11;

/** An open sea: bands of water with foam on their edges. */
export function waves(canvas: Canvas): string {
  const { widthPx, random, colour, accent } = canvas;
  const bands = Array.from({ length: BANDS }, (_, band) => {
    const depth = band / (BANDS - 1);
    const path = ridge(canvas, {
      base: 0.46 + 0.52 * depth,
      swing: 0.012 + 0.03 * depth,
      roughness: 0.12,
    });
    const foam = (widthPx * 0.0014 * (1 + 2.5 * depth)).toFixed(1);
    const light = random.between(0.12, 0.45).toFixed(2);
    return `<path d="${path}" fill="${colour(0.05 + 0.9 * depth)}" fill-opacity="0.88" stroke="${accent}" stroke-opacity="${light}" stroke-width="${foam}"/>`;
  });
  return sun(canvas) + bands.join('');
}

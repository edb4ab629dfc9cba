import type { Canvas } from '../Canvas.ts';
import { ridge } from './ridge.ts';
import { sun } from './sun.ts';

/** Ranges of mountains behind each other, hazy in the distance. */
export function mountains(canvas: Canvas): string {
  const { heightPx, widthPx, random, colour } = canvas;
  const ranges = Math.floor(random.between(4, 7));
  const roughness = random.between(0.35, 0.95);
  const layers = Array.from({ length: ranges }, (_, range) => {
    const depth = (range + 1) / ranges;
    const base = 0.4 + 0.5 * depth;
    const path = ridge(canvas, {
      base,
      swing: 0.1 * (1.3 - depth),
      roughness: roughness * (1.1 - 0.6 * depth),
    });
    const mist = `<rect y="${Math.round(base * heightPx)}" width="${widthPx}" height="${Math.round(heightPx * 0.16)}" fill="url(#mist)" fill-opacity="${(0.16 * (1 - depth)).toFixed(3)}"/>`;
    return `<path d="${path}" fill="${colour(0.05 + 0.95 * depth)}"/>${mist}`;
  });
  const mist = `<defs><linearGradient id="mist" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#fff" stop-opacity="0"/>
<stop offset="0.5" stop-color="#fff"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></linearGradient></defs>`;
  return mist + sun(canvas) + layers.join('');
}

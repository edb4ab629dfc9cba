import type { Canvas } from '../Canvas.ts';
import { ridge } from './ridge.ts';
import { sun } from './sun.ts';

const SHORE = 0.6;

/** A still lake that mirrors its far shore. */
export function lake(canvas: Canvas): string {
  const { widthPx, heightPx, random, colour, accent } = canvas;
  const shoreY = Math.round(SHORE * heightPx);
  const hills = [0.25, 0.6].map((depth) => {
    const path = ridge(canvas, { base: SHORE - 0.12 * (1 - depth), swing: 0.07, roughness: 0.55 });
    return `<path d="${path}" fill="${colour(depth)}"/>`;
  });
  const shore = sun(canvas) + hills.join('');
  const ripples = Array.from({ length: 46 }, () => {
    const depth = random.next() ** 0.7;
    const y = Math.round(shoreY + depth * (heightPx - shoreY));
    const length = widthPx * random.between(0.02, 0.05 + 0.22 * depth);
    const x = Math.round(random.between(-0.1, 1) * widthPx);
    const light = random.between(0.08, 0.35).toFixed(2);
    return `<rect x="${x}" y="${y}" width="${Math.round(length)}" height="${(1 + 3 * depth).toFixed(1)}" rx="2" fill-opacity="${light}"/>`;
  });
  // The clip keeps the hills' feet out of the water, in the picture and in its mirror.
  return `<defs><clipPath id="shore"><rect width="${widthPx}" height="${shoreY}"/></clipPath></defs>
<g clip-path="url(#shore)">${shore}</g>
<g transform="matrix(1 0 0 -0.67 0 ${Math.round(shoreY * 1.67)})"><g clip-path="url(#shore)"><rect width="${widthPx}" height="${heightPx}" fill="url(#sky)"/>${shore}</g></g>
<rect y="${shoreY}" width="${widthPx}" height="${heightPx - shoreY}" fill="${colour(0.75)}" fill-opacity="0.42"/>
<g fill="${accent}">${ripples.join('')}</g>`;
}

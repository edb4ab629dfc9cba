import { createRandom } from '../createRandom.ts';
import type { Canvas } from './Canvas.ts';
import type { Colour } from './Palette.ts';
import { palettes } from './palettes.ts';
import { city } from './scenes/city.ts';
import { lake } from './scenes/lake.ts';
import { mountains } from './scenes/mountains.ts';
import { shapes } from './scenes/shapes.ts';
import { waves } from './scenes/waves.ts';

/** How far a colour may stray from its palette. */
const STRAY = 14;

/** An SVG picture that follows from the text alone: a landscape or a composition in colours of its own. */
export function drawScene(text: string, widthPx: number, heightPx: number): string {
  const random = createRandom(text);
  const { skyTop, horizon, far, near, accent } = random.pick(palettes);
  const stray: Colour = [
    random.between(-STRAY, STRAY),
    random.between(-STRAY, STRAY),
    random.between(-STRAY, STRAY),
  ];
  const mix = (from: Colour, to: Colour, share: number): string => {
    const parts = from.map((part, place) => {
      const mixed = part + ((to[place] ?? part) - part) * share + (stray[place] ?? 0);
      return Math.round(Math.min(255, Math.max(0, mixed)));
    });
    return `rgb(${parts.join(',')})`;
  };
  const canvas: Canvas = {
    widthPx,
    heightPx,
    random,
    colour: (depth) => mix(far, near, depth),
    accent: mix(accent, accent, 0),
  };
  const scene = random.pick([mountains, city, waves, lake, shapes]);
  const size = `width="${widthPx}" height="${heightPx}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${widthPx} ${heightPx}">
<defs><linearGradient id="sky" x1="0" y1="0" x2="0.12" y2="1"><stop offset="0" stop-color="${mix(skyTop, skyTop, 0)}"/>
<stop offset="0.35" stop-color="${mix(skyTop, horizon, 0.55)}"/><stop offset="0.62" stop-color="${mix(horizon, horizon, 0)}"/></linearGradient>
<radialGradient id="glow"><stop offset="0" stop-color="${canvas.accent}" stop-opacity="0.75"/>
<stop offset="0.3" stop-color="${canvas.accent}" stop-opacity="0.28"/><stop offset="1" stop-color="${canvas.accent}" stop-opacity="0"/></radialGradient></defs>
<rect ${size} fill="url(#sky)"/>${scene(canvas)}</svg>`;
}

import { createRandom } from '../engine/random.ts';
import { type Canvas, city, lake, mountains, shapes, waves } from './scenes.ts';

/** Red, green and blue, 0 to 255. */
type Colour = readonly [number, number, number];

/** The colours of a scene. */
interface Palette {
  readonly skyTop: Colour;
  readonly horizon: Colour;
  readonly far: Colour;
  readonly near: Colour;
  readonly accent: Colour;
}

/** Largest deviation of a colour from its palette. */
const STRAY = 14;

/** Draws an SVG that follows from the text alone: a landscape or a composition of shapes. */
export function drawScene(text: string, widthPx: number, heightPx: number): string {
  const random = createRandom(text);
  const { skyTop, horizon, far, near, accent } = random.pick(palettes);
  const stray: Colour = [
    random.between(-STRAY, STRAY),
    random.between(-STRAY, STRAY),
    random.between(-STRAY, STRAY),
  ];
  const mix = (from: Colour, to: Colour, share: number): string => {
    const parts = from.map((part, index) => {
      const mixed = part + ((to[index] ?? part) - part) * share + (stray[index] ?? 0);
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

function palette(skyTop: string, horizon: string, far: string, near: string, accent: string): Palette {
  return {
    skyTop: rgb(skyTop),
    horizon: rgb(horizon),
    far: rgb(far),
    near: rgb(near),
    accent: rgb(accent),
  };
}

function rgb(hex: string): Colour {
  const value = Number.parseInt(hex, 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Palettes of matching colours: sky above, sky at the horizon, far, near, light. */
const palettes: readonly [Palette, ...Palette[]] = [
  palette('2b2d6e', 'f7a072', 'c2557a', '1b1435', 'ffe3a3'), // dusk
  palette('6fa8d6', 'fde2c8', 'e8a598', '33304f', 'fff3d6'), // dawn
  palette('4f8396', 'e9eed2', '86b09a', '0f2b27', 'fff0b8'), // forest
  palette('3d7ea6', 'fbd9a5', 'e39556', '47191a', 'fff6d8'), // desert
  palette('0a0f2e', '3f5596', '3d4f8d', '04060f', 'f6efc4'), // night
  palette('1d5a94', 'cdeae4', '57adb0', '08203a', 'fff7e0'), // sea
  palette('83539a', 'ffd3c2', 'df7f9a', '2a1839', 'fff0e0'), // rose
  palette('27696e', 'dcf4dc', '7cc7a2', '082622', 'fefae0'), // mint
  palette('a23b22', 'ffcf86', 'e5803a', '260d0b', 'fff2c4'), // amber
  palette('446aa3', 'eaf3f9', '9fbfdc', '13233d', 'ffffff'), // polar
  palette('4a2c5e', 'f3b6a0', '8f5a86', '160d22', 'ffd9a0'), // plum
  palette('50535f', 'ebe5d9', 'a9a093', '19191d', 'ffb703'), // slate
];

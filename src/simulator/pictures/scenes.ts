import type { Random } from '../engine/random.ts';

/** The size, random numbers and colours that a scene is drawn with. */
export interface Canvas {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly random: Random;
  /** Returns a colour, from far and light (0) to near and dark (1). */
  readonly colour: (depth: number) => string;
  /** The colour of lights: sun, lamps, foam. */
  readonly accent: string;
}

/** Draws rows of houses, the far ones in haze, with lit windows in the near ones. */
export function city(canvas: Canvas): string {
  const rows = [0.12, 0.45, 0.9].map((depth) => row(canvas, depth));
  return sun(canvas) + rows.join('');
}

function row(canvas: Canvas, depth: number): string {
  const { widthPx, heightPx, random, colour } = canvas;
  const unit = Math.sqrt(widthPx * heightPx);
  const houses: string[] = [];
  for (let x = Math.round(-random.next() * unit * 0.05); x < widthPx; ) {
    const width = Math.round(unit * random.between(0.05, 0.1) * (0.7 + 0.5 * depth));
    const top = Math.round(heightPx * (random.between(0.3, 0.6) + depth * 0.24));
    const house = `<rect x="${x}" y="${top}" width="${width}" height="${heightPx - top}" fill="${colour(0.1 + depth * 0.85)}"/>`;
    houses.push(house, windows(canvas, { x, top, width, depth }));
    x += width + Math.round(random.between(0, unit * 0.012));
  }
  return houses.join('');
}

interface House {
  readonly x: number;
  readonly top: number;
  readonly width: number;
  readonly depth: number;
}

function windows({ heightPx, random, accent }: Canvas, { x, top, width, depth }: House): string {
  const size = Math.max(2, Math.round(width / 10));
  const litShare = random.between(0.08, 0.3) + depth * 0.15;
  const lit: string[] = [];
  for (let y = top + size * 2; y < Math.min(heightPx, top + heightPx * 0.5); y += size * 2.5) {
    for (let column = x + size * 1.2; column < x + width - size * 1.5; column += size * 2) {
      if (random.next() < litShare) {
        lit.push(`M${Math.round(column)} ${Math.round(y)}h${size}v${Math.round(size * 1.4)}h-${size}z`);
      }
    }
  }
  return `<path d="${lit.join('')}" fill="${accent}" fill-opacity="${(0.3 + depth * 0.55).toFixed(2)}"/>`;
}

/** Draws a sun or a moon with its glow in the upper half, sometimes between stars. */
function sun({ widthPx, heightPx, random, accent }: Canvas): string {
  const unit = Math.min(widthPx, heightPx);
  const x = Math.round(random.between(0.2, 0.8) * widthPx);
  const y = Math.round(random.between(0.16, 0.38) * heightPx);
  const radius = Math.round(unit * random.between(0.05, 0.11));
  const stars = Array.from({ length: random.next() < 0.4 ? 90 : 0 }, () => {
    const size = (unit * random.between(0.4, 1.5)) / 1_000;
    const [starX, starY] = [random.next() * widthPx, random.next() ** 1.6 * heightPx * 0.5];
    const light = random.between(0.3, 0.9).toFixed(2);
    return `<circle cx="${starX.toFixed(1)}" cy="${starY.toFixed(1)}" r="${size.toFixed(2)}" fill-opacity="${light}"/>`;
  });
  return `<g fill="${accent}">${stars.join('')}</g><circle cx="${x}" cy="${y}" r="${radius * 5}" fill="url(#glow)"/><circle cx="${x}" cy="${y}" r="${radius}" fill="${accent}"/>`;
}

const SHORE = 0.6;

/** Draws a still lake that mirrors its far shore. */
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
  // The clip ends the hills at the water line, in the scene and in its mirror.
  return `<defs><clipPath id="shore"><rect width="${widthPx}" height="${shoreY}"/></clipPath></defs>
<g clip-path="url(#shore)">${shore}</g>
<g transform="matrix(1 0 0 -0.67 0 ${Math.round(shoreY * 1.67)})"><g clip-path="url(#shore)"><rect width="${widthPx}" height="${heightPx}" fill="url(#sky)"/>${shore}</g></g>
<rect y="${shoreY}" width="${widthPx}" height="${heightPx - shoreY}" fill="${colour(0.75)}" fill-opacity="0.42"/>
<g fill="${accent}">${ripples.join('')}</g>`;
}

interface Ridge {
  /** Its middle height, as a share of the image's height from the top. */
  readonly base: number;
  /** Its rise and fall, as a share of the image's height. */
  readonly swing: number;
  /** 0: as smooth as a wave; 1: as rough as rock. */
  readonly roughness: number;
}

const STEPS = 128;

/**
 * Returns the path of a line of hills across the image and down to its foot: a sum of waves, each
 * finer than the one before.
 */
function ridge({ widthPx, heightPx, random }: Canvas, { base, swing, roughness }: Ridge): string {
  const waves = Array.from({ length: 7 }, (_, octave) => ({
    height: swing * (0.25 + 0.32 * roughness) ** octave,
    length: random.between(0.7, 1.4) * 1.9 ** octave,
    phase: random.between(0, 2 * Math.PI),
  }));
  const points = Array.from({ length: STEPS + 1 }, (_, step) => {
    const share = step / STEPS;
    const rise = waves.reduce((sum, { height, length, phase }) => {
      const turn = Math.sin(2 * Math.PI * length * share + phase);
      // Folded waves have sharp peaks.
      return sum + height * (turn * (1 - roughness) + (1 - 2 * Math.abs(turn)) * roughness);
    }, 0);
    return `L${(share * widthPx).toFixed(1)} ${((base - rise) * heightPx).toFixed(1)}`;
  });
  return `M0 ${heightPx}${points.join('')}L${widthPx} ${heightPx}Z`;
}

/** Draws ranges of mountains behind each other, hazy in the distance. */
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

const SHAPES = 15;

/** Draws discs, rings, bars and half moons, the large ones behind. */
export function shapes(canvas: Canvas): string {
  const drawn = Array.from({ length: SHAPES }, (_, index) => shape(canvas, index / SHAPES));
  return drawn.join('');
}

/** Draws a shape; `order` goes from the first and largest (0) to the last and smallest (1). */
function shape({ widthPx, heightPx, random, colour, accent }: Canvas, order: number): string {
  const unit = Math.sqrt(widthPx * heightPx);
  const x = Math.round(random.between(0.08, 0.92) * widthPx);
  const y = Math.round(random.between(0.06, 0.8) * heightPx);
  const size = Math.round(unit * random.between(0.1, 0.3) * (1 - 0.75 * order));
  const fill = random.next() < 0.24 ? accent : colour(0.9 * random.next());
  const turn = Math.round(random.between(0, 12)) * 15;
  const look = `fill="${fill}" fill-opacity="${random.between(0.6, 0.95).toFixed(2)}" transform="rotate(${turn} ${x} ${y})"`;
  return random.pick([
    `<circle cx="${x}" cy="${y}" r="${size}" ${look}/>`,
    `<rect x="${x - size}" y="${y - size / 4}" width="${size * 2}" height="${size / 2}" rx="${size / 4}" ${look}/>`,
    `<path d="M${x - size} ${y}A${size} ${size} 0 0 1 ${x + size} ${y}Z" ${look}/>`,
    `<circle cx="${x}" cy="${y}" r="${size}" fill="none" stroke="${fill}" stroke-width="${Math.max(2, Math.round(size / 6))}" stroke-opacity="0.85"/>`,
  ]);
}

const BANDS = 11;

/** Draws an open sea: bands of water with foam on their edges. */
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

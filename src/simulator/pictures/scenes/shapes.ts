import type { Canvas } from '../Canvas.ts';

const SHAPES = 15;

/** A composition of discs, rings, bars and half moons, the large ones behind. */
export function shapes(canvas: Canvas): string {
  const drawn = Array.from({ length: SHAPES }, (_, place) => shape(canvas, place / SHAPES));
  return drawn.join('');
}

/** `order` goes from the first and largest (0) to the last and smallest (1). */
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

import type { Canvas } from '../Canvas.ts';
import { sun } from './sun.ts';

/** Rows of houses, the far ones in haze, with lamps lit in the near ones. */
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

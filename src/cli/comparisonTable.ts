import { formatUsd } from '../formatUsd.ts';
import type { Comparison } from '../sinks/comparison/Comparison.ts';
import { columns } from './columns.ts';

/** A comparison for people: a line for each model, the fastest first; then who is the fastest and who the cheapest. */
export function comparisonTable({ models, fastest, cheapest }: Comparison): string {
  const head = ['model', 'images', 'predict', 'total', 'an image', 'cost'];
  const rows = models.map(({ model, images, failed, predictSeconds, totalSeconds, usdPerImage, costUsd }) => [
    model,
    failed > 0 ? `${images}, ${failed} failed` : String(images),
    seconds(predictSeconds),
    seconds(totalSeconds),
    usd(usdPerImage),
    usd(costUsd),
  ]);
  const lines = columns([head, ...rows]);
  const best = [
    fastest === null ? '' : `fastest   ${fastest}`,
    cheapest === null ? '' : `cheapest  ${cheapest}`,
  ];
  return [...lines, ...best.filter((line) => line !== '')].map((line) => `  ${line}\n`).join('');
}

function seconds(value: number | null): string {
  return value === null ? '–' : `${value.toFixed(1)} s`;
}

function usd(value: number | null): string {
  return value === null ? '–' : formatUsd(Math.round(value * 1_000_000));
}

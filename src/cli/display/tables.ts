import { formatUsd, toMicroUsd } from '../../base/text.ts';
import { recommendConcurrency } from '../../pipelines/run/concurrency.ts';
import type { ComparedModel, Comparison } from '../../sinks/comparison/comparison.ts';
import type { VariantTally } from '../../sinks/comparison/votes.ts';
import type { Outcome } from '../../types.ts';
import { columns, counted } from './text.ts';

/** Renders a calibration: a line for each run, then the medians and the recommended concurrency. */
export function calibrationTable(
  outcomes: readonly Outcome[],
  { predictSeconds, usdPerImage }: ComparedModel,
): string {
  const runs = outcomes.map(({ index, status, metrics, costUsd, error }) => {
    const name = `run ${index + 1}`.padEnd(8);
    if (status !== 'saved') return `${name}${status}: ${error?.message ?? ''}`;
    const cost = costUsd === null ? '–' : formatUsd(toMicroUsd(costUsd));
    return `${name}${seconds(metrics.predict_time)} running, ${seconds(metrics.total_time)} in all, ${cost}`;
  });
  const sums =
    predictSeconds === null
      ? ['no run reported how long it took, so no concurrency can be recommended']
      : [
          `median  ${seconds(predictSeconds)}${usdPerImage === null ? '' : `, ${formatUsd(toMicroUsd(usdPerImage))} an image`}`,
          `use     --concurrency ${recommendConcurrency(predictSeconds)}`,
        ];
  return [...runs, ...sums].map((line) => `  ${line}\n`).join('');
}

/**
 * Renders a comparison: a line for each model, the fastest first; then the best by time and cost.
 */
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

function seconds(value: unknown): string {
  return typeof value === 'number' ? `${value.toFixed(1)} s` : '–';
}

function usd(value: number | null): string {
  return value === null ? '–' : formatUsd(toMicroUsd(value));
}

/** Renders a tally of votes, the best variant first. */
export function voteTable(tally: readonly VariantTally[], votes: number, people: number): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const head = ['variant', 'better', 'worse', 'equal', 'win rate', '95 % interval'];
  const rows = tally.map(({ variant, wins, losses, ties, winRate, low, high }) => [
    variant,
    String(wins),
    String(losses),
    String(ties),
    percent(winRate),
    `${percent(low)} to ${percent(high)}`,
  ]);
  const lines = columns([head, ...rows]);
  const counts = `${counted(votes, 'vote')} from ${counted(people, 'file')}`;
  return `${[counts, ...lines].join('\n')}\n`;
}

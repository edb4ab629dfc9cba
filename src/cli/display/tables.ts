import { formatUsd, toMicroUsd } from '../../base/text.ts';
import { recommendConcurrency } from '../../pipelines/run/concurrency.ts';
import type { ComparedModel, Comparison } from '../../sinks/comparison/comparison.ts';
import type { VariantTally } from '../../sinks/comparison/votes.ts';
import type { Outcome } from '../../types.ts';
import { columns } from './text.ts';

/** What a calibration found, for people: a line for each run, then what it comes to. */
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
      ? ['no run told how long it took: no concurrency can be recommended']
      : [
          `median  ${seconds(predictSeconds)}${usdPerImage === null ? '' : `, ${formatUsd(toMicroUsd(usdPerImage))} an image`}`,
          `use     --concurrency ${recommendConcurrency(predictSeconds)}`,
        ];
  return [...runs, ...sums].map((line) => `  ${line}\n`).join('');
}

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

function seconds(value: unknown): string {
  return typeof value === 'number' ? `${value.toFixed(1)} s` : '–';
}

function usd(value: number | null): string {
  return value === null ? '–' : formatUsd(toMicroUsd(value));
}

/** A tally for people, the best first. */
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
  const from = people === 1 ? '1 file' : `${people} files`;
  return `${[`${votes} votes from ${from}`, ...lines].join('\n')}\n`;
}

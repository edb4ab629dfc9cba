import { formatUsd } from '../formatUsd.ts';
import { recommendConcurrency } from '../pipelines/recommendConcurrency.ts';
import type { ComparedModel } from '../sinks/comparison/Comparison.ts';
import type { Outcome } from '../types.ts';

/** What a calibration found, for people: a line for each run, then what it comes to. */
export function calibrationTable(
  outcomes: readonly Outcome[],
  { predictSeconds, usdPerImage }: ComparedModel,
): string {
  const runs = outcomes.map(({ index, status, metrics, costUsd, error }) => {
    const name = `run ${index + 1}`.padEnd(8);
    if (status !== 'saved') return `${name}${status}: ${error?.message ?? ''}`;
    const cost = costUsd === null ? '–' : formatUsd(Math.round(costUsd * 1_000_000));
    return `${name}${seconds(metrics.predict_time)} running, ${seconds(metrics.total_time)} in all, ${cost}`;
  });
  const sums =
    predictSeconds === null
      ? ['no run told how long it took: no concurrency can be recommended']
      : [
          `median  ${seconds(predictSeconds)}${usdPerImage === null ? '' : `, ${formatUsd(Math.round(usdPerImage * 1_000_000))} an image`}`,
          `use     --concurrency ${recommendConcurrency(predictSeconds)}`,
        ];
  return [...runs, ...sums].map((line) => `  ${line}\n`).join('');
}

function seconds(value: unknown): string {
  return typeof value === 'number' ? `${value.toFixed(1)} s` : '–';
}

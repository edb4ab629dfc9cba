import { formatUsd, toMicroUsd } from '../../base/text.ts';
import { recommendConcurrency } from '../../pipelines/run/concurrency.ts';
import {
  type ComparedModel,
  type Comparison,
  isMeasured,
  isPriced,
} from '../../sinks/comparison/comparison.ts';
import type { VariantTally } from '../../sinks/comparison/votes.ts';
import type { Outcome } from '../../types.ts';
import { columns, counted } from './text.ts';

/**
 * Renders a calibration: a line for each run, then the medians and the recommended concurrency.
 * Times of this machine's clock serve if the service reported none, and are marked.
 */
export function calibrationTable(outcomes: readonly Outcome[], measured: ComparedModel): string {
  const runs = outcomes.map((outcome) => `${`run ${outcome.index + 1}`.padEnd(8)}${runText(outcome)}`);
  const { predictSeconds, ownWallSeconds, usdPerImage, estimatedUsd } = measured;
  const [medianSeconds, clock] =
    predictSeconds === null ? [ownWallSeconds, ` ${BY_OWN_CLOCK}`] : [predictSeconds, ''];
  const price = usdPerImage === null ? '' : `, ${money(usdPerImage, estimatedUsd)} an image`;
  const sums =
    medianSeconds === null
      ? ['no run could be timed, so no concurrency can be recommended']
      : [
          `median  ${seconds(medianSeconds)}${clock}${price}`,
          `use     --concurrency ${recommendConcurrency(medianSeconds)}`,
        ];
  return [...runs, ...sums].map((line) => `  ${line}\n`).join('');
}

const BY_OWN_CLOCK = "by this machine's clock, queue and network included";

function runText({ status, metrics, costUsd, estimatedUsd = 0, error }: Outcome): string {
  if (status !== 'saved') return `${status}: ${error?.message ?? ''}`;
  const { predict_time, total_time, own_wall_time } = metrics;
  const cost = costUsd === null ? '–' : money(costUsd, estimatedUsd);
  return typeof predict_time === 'number' || typeof own_wall_time !== 'number'
    ? `${seconds(predict_time)} running, ${seconds(total_time)} in all, ${cost}`
    : `${seconds(own_wall_time)} ${BY_OWN_CLOCK}, ${cost}`;
}

/** The warning that stands above the tables of simulated runs. */
export const SIMULATED_FIGURES = '  simulated: these times and costs are of no model\n';

/**
 * Renders a comparison: a line for each model, the fastest first; then the best by time and cost,
 * or the reason why there is none.
 */
export function comparisonTable({ models, fastest, cheapest }: Comparison): string {
  const head = ['model', 'images', 'predict', 'total', 'an image', 'cost'];
  const rows = models.map((model) => [
    model.name === model.model ? model.name : `${model.name} (${model.model})`,
    model.failed > 0 ? `${model.images}, ${model.failed} failed` : String(model.images),
    seconds(model.predictSeconds),
    seconds(model.totalSeconds),
    money(model.usdPerImage, model.estimatedUsd),
    money(model.costUsd, model.estimatedUsd),
  ]);
  const rivals = models.filter(({ images }) => images > 0);
  const unmeasured = rivals.filter((model) => !isMeasured(model));
  const unpriced = rivals.filter((model) => !isPriced(model));
  const lines = [
    ...columns([head, ...rows]),
    ...bestLine('fastest', fastest, 'the service did not report all run times of', unmeasured),
    ...bestLine('cheapest', cheapest, 'no exact price is known for all images of', unpriced),
  ];
  return lines.map((line) => `  ${line}\n`).join('');
}

/** Names the best models, or those that keep it from being known. */
function bestLine(
  title: string,
  best: readonly string[],
  reason: string,
  unknown: readonly ComparedModel[],
): string[] {
  if (best.length > 0) return [`${title.padEnd(10)}${best.join(', ')}`];
  if (unknown.length === 0) return [];
  return [`${title.padEnd(10)}unknown: ${reason} ${unknown.map(({ name }) => name).join(', ')}`];
}

/** Formats an amount; `~` marks one that is an estimate, if only in part. */
function money(value: number | null, estimatedUsd: number): string {
  if (value === null) return '–';
  return `${estimatedUsd > 0 ? '~' : ''}${formatUsd(toMicroUsd(value))}`;
}

function seconds(value: unknown): string {
  return typeof value === 'number' ? `${value.toFixed(1)} s` : '–';
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
  const counts = `${counted(votes, 'vote')} from ${counted(people, 'person', 'people')}`;
  return `${[counts, ...lines].join('\n')}\n`;
}

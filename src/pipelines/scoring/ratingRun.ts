import { costMicroUsd } from '../../replicate/costMicroUsd.ts';
import type { Prediction, RunEvent } from '../../types.ts';
import { concurrencyOf } from '../concurrencyOf.ts';
import { createRun, type Run } from '../createRun.ts';
import type { GenerateConfig } from '../GenerateConfig.ts';
import type { ScoringModel } from './ScoringModel.ts';

/** What is told of a rating: it is nobody's image and nobody's job. */
const told: ReadonlySet<RunEvent['type']> = new Set([
  'rate.paused',
  'model.paused',
  'warning',
  'budget.warning',
]);

/** The run of the ratings beside a run: the same service, money, pace and places, but nothing that makes pictures. */
export function ratingRun(rater: ScoringModel, config: GenerateConfig): Run {
  const { emit = () => {}, answers, strategy = 'stream' } = config;
  const {
    detach: _detach,
    fallbacksOf: _fallbacksOf,
    putAside: _putAside,
    cache: _cache,
    keep: _keep,
    destinations: _destinations,
    release: _release,
    handOver: _handOver,
    ...shared
  } = config;
  return createRun({
    ...shared,
    // A rating has no place in a line of jobs: it is tried again at once.
    strategy: 'stream',
    // It is for the run to learn how many places there are.
    concurrency: concurrencyOf(strategy, config.concurrency),
    continueOnError: true,
    answers: { ...answers, costOf: (prediction) => costOf(prediction, rater) },
    emit: (event) => {
      if (told.has(event.type)) emit(event);
    },
  });
}

/** Null, which is the expected price, where the price is of a rating, or the table knows none but of images. */
function costOf(prediction: Prediction, { priceMicroUsd }: ScoringModel): number | null {
  if (!prediction.outputComplete) return costMicroUsd(prediction);
  return priceMicroUsd === null ? costMicroUsd(prediction) || null : null;
}

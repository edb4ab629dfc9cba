import { identity } from 'rxjs';
import { encoderPlaces } from '../../encoderPlaces.ts';
import { createGate } from '../../operators/createGate.ts';
import { gate } from '../../operators/gate.ts';
import type { Scorer } from '../../ports.ts';
import type { OpenRun } from '../openRun.ts';
import { createModelScorer } from './createModelScorer.ts';
import type { Scoring } from './Scoring.ts';
import type { ScoringModel } from './ScoringModel.ts';

/** Rates by a scorer, one picture a core; or by a model, whose predictions have the run's own places. */
export function openScoring(by: Scorer | ScoringModel, { config, ratings }: OpenRun): Scoring {
  if (typeof by === 'function') {
    return { scorer: by, within: gate(createGate(encoderPlaces())), costUsdOf: () => 0 };
  }
  if (ratings === null) throw new Error('Expected a run that keeps a journal of ratings');
  const paid = new Map<number, number | null>();
  const onPaid = (index: number, costUsd: number | null) => paid.set(index, costUsd);
  const scorer = createModelScorer(by, { ...config, journal: ratings, onPaid });
  return {
    scorer,
    within: identity,
    costUsdOf: (index) => {
      const costUsd = paid.get(index);
      return costUsd === undefined ? 0 : costUsd;
    },
  };
}

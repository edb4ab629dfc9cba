import { anImageFile, aPrediction as anyPrediction, aPlan as aPlanned } from '../../src/testing/aPlan.ts';
import type { ImageFile, JournalEntry, Outcome, Plan, Prediction } from '../../src/types.ts';
import { anOutcome } from './anOutcome.ts';

/** The same key for all of them. */
export function aPlan(fields: Partial<Plan> = {}): Plan {
  return aPlanned({
    input: { prompt: 'a cat', seed: 1 },
    key: 'a'.repeat(64),
    path: '0001-a-cat',
    ...fields,
  });
}

export function aPrediction(fields: Partial<Prediction> = {}): Prediction {
  return anyPrediction({ metrics: { predict_time: 1.2 }, ...fields });
}

export function aFile(path: string): ImageFile {
  return anImageFile({ path });
}

export const intended = (attempt = 1, atMs = 1_000): JournalEntry => ({ type: 'intended', attempt, atMs });

export const created = (predictionId = 'p1', attempt = 1): JournalEntry => ({
  type: 'created',
  attempt,
  predictionId,
});

export const ended = (costMicroUsd = 0, attempt = 1): JournalEntry => ({
  type: 'ended',
  attempt,
  costMicroUsd,
});

export const downloaded = (...paths: string[]): JournalEntry => ({
  type: 'downloaded',
  prediction: aPrediction(),
  files: paths.map(aFile),
});

export function outcome(status: Outcome['status'], fields: Partial<Outcome> = {}): JournalEntry {
  return {
    type: 'outcome',
    outcome: anOutcome({
      status,
      prompt: 'a cat',
      input: {},
      predictionId: null,
      metrics: {},
      costUsd: 0,
      ...fields,
    }),
  };
}

import type { ImageFile, JournalEntry, Outcome, Plan, Prediction } from '../../src/types.ts';
import { anOutcome } from './anOutcome.ts';
import { aPrediction as anyPrediction } from './fakeProvider.ts';

export function aPlan(fields: Partial<Plan> = {}): Plan {
  return {
    index: 0,
    prompt: 'a cat',
    model: 'owner/name',
    version: null,
    input: { prompt: 'a cat', seed: 1 },
    tags: {},
    renditions: [],
    key: 'a'.repeat(64),
    priceMicroUsd: 3_000,
    path: '0001-a-cat',
    ...fields,
  };
}

export function aPrediction(fields: Partial<Prediction> = {}): Prediction {
  return anyPrediction({ metrics: { predict_time: 1.2 }, ...fields });
}

export function aFile(path: string): ImageFile {
  return { path, bytes: 1, sha256: 'b'.repeat(64), format: 'png', widthPx: 8, heightPx: 8 };
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

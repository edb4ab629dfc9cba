import type { Prediction } from '../../types.ts';

/** Whether there is nothing more to wait for: the prediction has ended, or its whole output is there. */
export function isFinal({ status, outputComplete }: Prediction): boolean {
  return outputComplete || !(status === 'starting' || status === 'processing');
}

/** How long the predictions of a run take, from their creation to their end, by model. */
interface RunTimes {
  /** Takes the times of a prediction that has ended. */
  learn(prediction: Prediction): void;
  /** Before this time none of the last ones was ready; 0 while nobody knows. */
  shortestMs(model: string): number;
  /** 0 while nobody knows. */
  medianMs(model: string): number;
}

interface ModelTimes {
  readonly latest: readonly number[];
  readonly shortestMs: number;
  readonly medianMs: number;
}

/** Enough to follow a service that becomes slower or faster in the course of a run. */
const REMEMBERED = 32;
const ENOUGH = 3;

/** Learns from the moments that the service itself writes on its predictions, so no clock of ours matters. */
export function createRunTimes(): RunTimes {
  const byModel = new Map<string, ModelTimes>();
  return {
    learn({ model, status, createdAt, completedAt }) {
      if (status !== 'succeeded' || createdAt === null || completedAt === null) return;
      const tookMs = Date.parse(completedAt) - Date.parse(createdAt);
      if (tookMs >= 0) byModel.set(model, withTime(byModel.get(model)?.latest ?? [], tookMs));
    },
    shortestMs: (model) => byModel.get(model)?.shortestMs ?? 0,
    medianMs: (model) => byModel.get(model)?.medianMs ?? 0,
  };
}

function withTime(before: readonly number[], tookMs: number): ModelTimes {
  const latest = [...before, tookMs].slice(-REMEMBERED);
  if (latest.length < ENOUGH) return { latest, shortestMs: 0, medianMs: 0 };
  const [shortestMs = 0, ...longer] = latest.toSorted((a, b) => a - b);
  return { latest, shortestMs, medianMs: longer[(longer.length - 1) >> 1] ?? shortestMs };
}

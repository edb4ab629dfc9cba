import type { JobRecord } from '../ports.ts';

/** Whether an earlier run left a prediction of the job, or a create that may have made one. */
export function mayHavePrediction({ predictionId, intendedAtMs }: JobRecord): boolean {
  return predictionId !== null || intendedAtMs !== null;
}

import type { JobRecord } from '../ports.ts';

/** Whether a prediction of the job may exist whose output is wanted and not yet saved. */
export function hasOpenAttempt({ state, intendedAtMs, predictionId }: JobRecord): boolean {
  return state !== 'saved' && (intendedAtMs !== null || predictionId !== null);
}

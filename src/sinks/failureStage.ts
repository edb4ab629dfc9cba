import type { Outcome } from '../types.ts';

/** Where on its way a job failed: before the service had its prediction, until that was final, or after it. */
export type FailureStage = 'creation' | 'polling' | 'download';

/** Fetching and making renditions come after the prediction; all other errors of a job that has none came before it. */
export function failureStage({ error, predictionId }: Pick<Outcome, 'error' | 'predictionId'>): FailureStage {
  if (error?.name === 'DownloadError' || error?.name === 'RenderError') return 'download';
  return predictionId === null ? 'creation' : 'polling';
}

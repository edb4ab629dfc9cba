import type { Prediction } from '../../types.ts';

/**
 * Returns true if there is nothing more to wait for: the prediction has ended, or its whole output
 * is there.
 */
export function isFinal({ status, outputComplete }: Prediction): boolean {
  return outputComplete || !(status === 'starting' || status === 'processing');
}

import { UsageError } from '../errors.ts';
import type { Measure } from './Measure.ts';

/** A measure and how much it counts. */
export interface WeightedMeasure {
  readonly measure: Measure;
  /** 0 or more. */
  readonly weight: number;
}

/** Several measures as one: the weighted mean, Σ w·m / Σ w. Throws `UsageError` where no weight is above 0 or one is below. */
export function mixMeasures(parts: readonly WeightedMeasure[]): Measure {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0) || parts.some(({ weight }) => !(weight >= 0))) {
    const weights = parts.map(({ weight }) => weight).join(', ') || 'none';
    throw new UsageError(`Expected weights of 0 or more, one of them above 0, got ${weights}`);
  }
  return (pixels) => parts.reduce((sum, { measure, weight }) => sum + weight * measure(pixels), 0) / total;
}

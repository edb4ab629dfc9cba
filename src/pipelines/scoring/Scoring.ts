import type { MonoTypeOperatorFunction } from 'rxjs';
import type { Scorer } from '../../ports.ts';

/** How the pictures of a run are rated. */
export interface Scoring {
  readonly scorer: Scorer;
  /** Bounds how many are rated at the same time. */
  readonly within: MonoTypeOperatorFunction<number>;
  /** What all ratings of a job's picture have cost in this run; null where nobody knows. */
  costUsdOf(index: number): number | null;
}

import type { Plan } from '../../../types.ts';

/** A prediction that was not final in time. */
export interface TimedOutPrediction {
  readonly plan: Plan;
  readonly predictionId: string;
  /** Since its create request was sent, or since this run has resumed it. */
  readonly waitedMs: number;
  readonly action: 'cancel' | 'leave';
}

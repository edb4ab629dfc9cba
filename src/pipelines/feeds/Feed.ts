import type { Observable } from 'rxjs';
import type { Outcome, Plan } from '../../types.ts';
import type { PostponedJob, Run } from '../createRun.ts';

/** A job's turn to be made. */
export interface Turn {
  /** How the turn before ended, where there was one. */
  readonly postponed?: PostponedJob | undefined;
  /** Turns that the feed has for it after this one, should it fail for now. */
  readonly turnsLeft: number;
}

/** The way of one job; where it completes without an outcome it was postponed, left to the service, or stopped. */
export type Journey = (plan: Plan, turn: Turn) => Observable<Outcome>;

/** What a feed has to know of a run. */
export type FedRun = Pick<
  Run,
  'slots' | 'journeys' | 'waveSize' | 'wavePauseMs' | 'maxAttempts' | 'postponed' | 'isStopped'
> &
  Pick<Run, 'stop' | 'scheduler' | 'emit'>;

/** Sends plans on their journey, in the order and at the pace of a strategy. */
export type Feed = (
  plans: Iterable<Plan> | AsyncIterable<Plan>,
  journey: Journey,
  run: FedRun,
) => Observable<Outcome>;

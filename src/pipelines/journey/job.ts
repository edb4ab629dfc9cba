import type { Observable } from 'rxjs';
import type { JobRecord, Reservation } from '../../ports.ts';
import type {
  FetchedOutput,
  ImageFile,
  Outcome,
  Plan,
  Prediction,
  PredictionRequest,
  PricedRequest,
} from '../../types.ts';

/** A job's turn to be made. */
export interface Turn {
  /** How the turn before ended, where there was one. */
  readonly postponed?: PostponedJob | undefined;
  /** Turns that the feed has for it after this one, should it fail for now. */
  readonly turnsLeft: number;
}

/** The way of one job; where it completes without an outcome it was postponed, left to the service, or stopped. */
export type Journey = (plan: Plan, turn: Turn) => Observable<Outcome>;

/** A job that is to be tried again, and how it has ended if that does not come about. */
export interface PostponedJob {
  readonly job: JobState;
  readonly outcome: Outcome;
}

/** What has happened to one job so far: its attempts, the money held and paid for it, what came back. */
export interface JobState {
  readonly plan: Plan;
  /** What an earlier run left open; null once it has been taken up. */
  earlier: JobRecord | null;
  /** Originals that an earlier run brought to disk. */
  readonly earlierFiles: readonly ImageFile[];
  /** What the present attempt sends: the plan, or one of its fallbacks. */
  request: PricedRequest;
  /** What the open attempt really sent: with the addresses of files, long data perhaps cut to its hash. */
  sent: PredictionRequest;
  /** Runs of this job, the open one included. */
  attempts: number;
  /** When the open attempt began, ms since 1970. */
  startedAtMs: number;
  /** Since when the open attempt is waited for: since it began, or was taken up again. */
  waitingSinceMs: number;
  /** A create that may have been sent, with the id of its prediction as soon as that is known; null once it is over. */
  open: { predictionId: string | null } | null;
  /** The job's newest prediction. */
  prediction: Prediction | null;
  /** Whether that was made for another job, in this run or an earlier one. */
  isCached: boolean;
  /**
   * Turns that the job may have after this one. As long as there are some, a fault of the platform ends this turn rather than
   * leading to the next attempt or model.
   */
  readonly turnsLeft: number;
  /** Money held for the open attempt. */
  reservation: Reservation | null;
  /** Paid for ended attempts. */
  paidMicroUsd: number;
}

/**
 * Opens the state of a job, going on from what an earlier run, or an earlier round of this one, wrote down about the
 * same request.
 */
export function openJob(plan: Plan, record: JobRecord | undefined, { postponed, turnsLeft }: Turn): JobState {
  const earlier = record !== undefined && record.key === plan.key ? record : null;
  return {
    plan,
    earlier,
    earlierFiles: earlier?.files ?? [],
    request: plan,
    sent: earlier?.request ?? plan,
    attempts: earlier?.attempts ?? 0,
    startedAtMs: earlier?.intendedAtMs ?? 0,
    waitingSinceMs: 0,
    open: null,
    prediction: earlier?.prediction ?? null,
    isCached: false,
    turnsLeft,
    reservation: postponed?.job.reservation ?? null,
    paidMicroUsd: earlier?.costMicroUsd ?? 0,
  };
}

/** Originals on disk, and the request that made them: the plan's, or a fallback's. */
export interface Originals extends FetchedOutput {
  readonly request: PricedRequest;
}

/** Whether an earlier run left a prediction of the job, or a create that may have made one. */
export function mayHavePrediction({ predictionId, intendedAtMs }: JobRecord): boolean {
  return predictionId !== null || intendedAtMs !== null;
}

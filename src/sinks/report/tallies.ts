import { addCost, type CostSum, correctCost, noCost } from '../../events/costSum.ts';
import type { EventOf } from '../../events/observeRun.ts';
import { type FailureStage, failureStages, type Outcome } from '../../types.ts';

/** Totals of one model's jobs. */
export interface ModelTotals {
  /** Jobs that ended with this model. */
  readonly outcomes: number;
  /** Saved jobs, including those that used the result of an identical request. */
  readonly saved: number;
  /**
   * Images made: originals of saved and incomplete jobs, without results taken from identical
   * requests.
   */
  readonly images: number;
  /** Total cost, including failed attempts. */
  readonly costUsd: number;
  /** Part of `costUsd` that is an estimate; 0 if none is. */
  readonly estimatedUsd: number;
  /**
   * `costUsd` over `images`, to the millionth; null if there is no image, or a job without a known
   * price.
   */
  readonly meanUsdPerImage: number | null;
  /** Mean `predict_time` of the service, to the millisecond; null if it reported none. */
  readonly meanSecondsPerRun: number | null;
}

/** Adds up the cost of each model. */
export interface CostTracker {
  add(outcome: Outcome): void;
  /** Corrects added outcomes by the times and the cost that the service has reported late. */
  correct(event: EventOf<'job.measured'>): void;
  /** Returns the totals by model, in the order of their first outcome. */
  byModel(): Readonly<Record<string, ModelTotals>>;
}

/** The sums behind the means. */
interface Sums extends CostSum {
  readonly outcomes: number;
  readonly saved: number;
  readonly images: number;
  readonly runs: number;
  readonly runSeconds: number;
}

const NOTHING_YET: Sums = { outcomes: 0, saved: 0, images: 0, ...noCost, runs: 0, runSeconds: 0 };

/**
 * Adds up outcomes by model, in constant memory. The first 1,000 models are counted by name, the
 * rest as `(others)`.
 *
 *     const costs = createCostTracker();
 *     generate(plans, config).pipe(tap(costs.add)).subscribe();
 */
export function createCostTracker(): CostTracker {
  const models = createTallyByName(NOTHING_YET);
  return {
    add: (outcome) => models.update(outcome.model, (sums) => plus(sums, outcome)),
    correct: (event) => models.update(event.model, (sums) => corrected(sums, event)),
    byModel: () => Object.fromEntries(models.entries().map(([model, sums]) => [model, totalsOf(sums)])),
  };
}

function plus(sums: Sums, outcome: Outcome): Sums {
  const { status, cached, files, metrics } = outcome;
  const isSaved = status === 'saved';
  const originals = files.filter(({ role }) => role === 'original').length;
  const runSeconds = cached || typeof metrics.predict_time !== 'number' ? null : metrics.predict_time;
  return {
    outcomes: sums.outcomes + 1,
    saved: sums.saved + (isSaved ? 1 : 0),
    // An incomplete job has failed, but has made images.
    images: sums.images + (cached ? 0 : originals),
    ...addCost(sums, outcome),
    runs: sums.runs + (runSeconds === null ? 0 : 1),
    runSeconds: sums.runSeconds + (runSeconds ?? 0),
  };
}

function corrected(sums: Sums, event: EventOf<'job.measured'>): Sums {
  const { cached, metrics } = event;
  const runSeconds = cached || typeof metrics.predict_time !== 'number' ? null : metrics.predict_time;
  return {
    ...sums,
    ...correctCost(sums, event),
    runs: sums.runs + (runSeconds === null ? 0 : 1),
    runSeconds: sums.runSeconds + (runSeconds ?? 0),
  };
}

function totalsOf(sums: Sums): ModelTotals {
  const { outcomes, saved, images, costMicroUsd, estimatedMicroUsd, unpricedJobs, runs, runSeconds } = sums;
  const hasMean = images > 0 && unpricedJobs === 0;
  return {
    outcomes,
    saved,
    images,
    costUsd: costMicroUsd / 1_000_000,
    estimatedUsd: estimatedMicroUsd / 1_000_000,
    meanUsdPerImage: hasMean ? Math.round(costMicroUsd / images) / 1_000_000 : null,
    meanSecondsPerRun: runs === 0 ? null : Math.round((runSeconds / runs) * 1_000) / 1_000,
  };
}

/** The name under which further names are counted once there are too many. */
const REST = '(others)';

/** A running total for each name. */
interface TallyByName<T> {
  /** Replaces the name's total by the result of `change`. */
  update(name: string, change: (total: T) => T): void;
  entries(): [name: string, total: T][];
}

/** Creates totals for at most `maxNames` names; further ones are counted together as `(others)`. */
export function createTallyByName<T>(initial: T, maxNames = 1_000): TallyByName<T> {
  const totals = new Map<string, T>();
  return {
    update(name, change) {
      const entry = totals.has(name) || totals.size < maxNames ? name : REST;
      totals.set(entry, change(totals.get(entry) ?? initial));
    },
    entries: () => [...totals],
  };
}

/** Numbers of failed jobs by stage. */
export type FailuresByStage = Readonly<Record<FailureStage, number>>;

/** Counts failed jobs by the stage in which they failed. */
interface StageCounter {
  add(outcome: Outcome): void;
  counts(): FailuresByStage;
}

/** Creates a counter of failed jobs by stage; other outcomes do not count. */
export function createStageCounter(): StageCounter {
  const counts = new Map<FailureStage, number>(failureStages.map((stage) => [stage, 0]));
  return {
    add(outcome) {
      if (outcome.status !== 'failed') return;
      const stage = failureStage(outcome);
      counts.set(stage, (counts.get(stage) ?? 0) + 1);
    },
    counts: () => {
      const of = (stage: FailureStage) => counts.get(stage) ?? 0;
      const [creation, polling, download] = [of('creation'), of('polling'), of('download')];
      return { creation, polling, download, rendering: of('rendering'), delivery: of('delivery') };
    },
  };
}

/**
 * Returns the stage in which a job failed. Outcomes of earlier versions do not name it: then it
 * follows from the kind of the error, and whether there was a prediction.
 */
export function failureStage({ error, predictionId }: Pick<Outcome, 'error' | 'predictionId'>): FailureStage {
  if (error?.stage !== undefined) return error.stage;
  if (error?.name === 'DeliveryError') return 'delivery';
  if (error?.name === 'RenderError') return 'rendering';
  if (error?.name === 'DownloadError') return 'download';
  return predictionId === null ? 'creation' : 'polling';
}

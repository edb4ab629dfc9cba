import type { Scorer } from '../../ports.ts';
import type { Plan, PlannedUploads, ScoringModel } from '../../types.ts';
import type { PlanSource } from '../run/recoveryRounds.ts';
import type { RunSettings } from '../run/settings.ts';
import { savedJobs } from './planning/savedJobs.ts';

/** The jobs that a run would make, and their cost. */
export interface RunPlan {
  /** The run folder; absolute. */
  readonly folder: string;
  /** Jobs of the input. */
  readonly total: number;
  /** Jobs whose result the folder has. */
  readonly alreadySaved: number;
  /** Jobs that are to be made. */
  readonly jobs: number;
  /** The same, by model. */
  readonly jobsByModel: Readonly<Record<string, number>>;
  /** Price of these, each at its first attempt, ratings by a model included. */
  readonly costUsd: number;
  /** Jobs without a known price, which make `costUsd` too low. */
  readonly unpricedJobs: number;
  /** Local files that they send to the service; null if there are none. */
  readonly uploads: PlannedUploads | null;
  /** Warnings that came while the run was planned. */
  readonly warnings: readonly string[];
  /**
   * Yields the jobs that are to be made, from the first one on at each call: prompt, model, input,
   * price, and `path`, that of its files below the folder without an extension.
   */
  plans(): AsyncIterable<Plan>;
}

interface RunPlanConfig extends Pick<RunSettings, 'folder' | 'only'> {
  /** Rates the images. Default: nothing does. */
  scorer?: Scorer | ScoringModel;
  uploads: PlannedUploads | null;
  warnings: readonly string[];
  /** Ends the counting, which rejects with its reason. Default: nothing does. */
  signal?: AbortSignal;
}

/** Counts and prices the jobs that a run would make. Creates nothing. */
export async function planRun(source: PlanSource, config: RunPlanConfig): Promise<RunPlan> {
  const { folder, only = () => true, scorer, uploads, warnings, signal } = config;
  async function* plans(): AsyncGenerator<Plan> {
    const isSaved = await savedJobs(folder);
    for await (const plan of source()) if (!isSaved(plan) && only(plan.index)) yield plan;
  }
  const rating = typeof scorer === 'object' ? (scorer.priceMicroUsd ?? null) : 0;
  const jobsByModel: Record<string, number> = {};
  let total = 0;
  let alreadySaved = 0;
  let jobs = 0;
  let microUsd = 0;
  let unpricedJobs = 0;
  const isSaved = await savedJobs(folder);
  for await (const plan of source()) {
    signal?.throwIfAborted();
    const { model, priceMicroUsd, index } = plan;
    total += 1;
    if (isSaved(plan)) {
      alreadySaved += 1;
      continue;
    }
    if (!only(index)) continue;
    jobs += 1;
    jobsByModel[model] = (jobsByModel[model] ?? 0) + 1;
    microUsd += (priceMicroUsd ?? 0) + (rating ?? 0);
    if (priceMicroUsd === null || rating === null) unpricedJobs += 1;
  }
  const costUsd = microUsd / 1_000_000;
  return { folder, total, alreadySaved, jobs, jobsByModel, costUsd, unpricedJobs, uploads, warnings, plans };
}

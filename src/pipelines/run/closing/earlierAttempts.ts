import { join } from 'node:path';
import { z } from 'zod';
import { monotonicScheduler, wallNow } from '../../../base/monotonicScheduler.ts';
import { readOwnJson } from '../../../disk/writeFiles.ts';
import type { Surplus } from '../../../sinks/report/money.ts';
import type { StoredJob } from '../../../store/entries.ts';
import { OUTPUT_LIFETIME_MS } from '../../journey/run.ts';
import type { OpenRun } from '../settings.ts';
import type { RunEnd } from './results.ts';

/** The attempts that earlier runs have left to the closing look of this one. */
export interface EarlierRuns {
  /** Attempts that no closing look has accounted for. */
  readonly attempts: number;
  /** Start of the first of them, ms since 1970; Infinity if there is none. */
  readonly sinceMs: number;
  /** Start of the first run that no closing look has accounted for; null if there is none. */
  readonly unlookedSinceMs: number | null;
  /** Predictions that they have counted, and no job has claimed since. */
  readonly surplus: Surplus;
}

const NONE: Surplus = { count: 0, costUsd: 0, predictionIds: [] };

const reportSchema = z.object({
  run: z.object({ startedAtMs: z.number().optional(), unlookedSinceMs: z.number().optional() }),
  surplus: z.object({ count: z.int(), costUsd: z.number(), predictionIds: z.array(z.string()) }).optional(),
});

/**
 * Reads the counts that earlier runs have left, and shows the counter of surplus predictions the
 * attempts that no closing look has accounted for: those of runs that were killed, or stopped by
 * the service, and open ones of jobs that the input no longer asks for. A report that cannot be
 * read counts as none.
 */
export async function noteEarlierRuns(
  { startedAtMs }: Pick<RunEnd, 'startedAtMs'>,
  run: Pick<OpenRun, 'config' | 'journal' | 'surplus'>,
): Promise<EarlierRuns> {
  const { config, journal } = run;
  const path = join(config.folder, 'report.json');
  const report = await readOwnJson(path, reportSchema).catch(() => null);
  const { surplus = NONE } = report ?? {};
  const unlookedSinceMs = report?.run.unlookedSinceMs ?? firstKilledMs(journal, report?.run.startedAtMs);
  const listed = new Set(surplus.predictionIds);
  const dropped = new Set<string>();
  let [attempts, sinceMs] = [0, Number.POSITIVE_INFINITY];
  for (const job of journal.unaccounted(unlookedSinceMs)) {
    const { intendedAtMs, predictionId } = job.record;
    if (isDropped(job) && predictionId !== null && !isBooked(job)) dropped.add(predictionId);
    const isOwn = intendedAtMs === null || intendedAtMs >= startedAtMs;
    if (isOwn || listed.has(predictionId ?? '') || isSettled(job, intendedAtMs, startedAtMs)) continue;
    attempts += 1;
    sinceMs = Math.min(sinceMs, intendedAtMs);
    show(job, intendedAtMs, run);
  }
  const isClaimed = (id: string) => journal.knowsPrediction(id) && !dropped.has(id);
  return { attempts, sinceMs, unlookedSinceMs, surplus: unclaimed(surplus, isClaimed) };
}

function show(
  job: StoredJob,
  intendedAtMs: number,
  { surplus, config }: Pick<OpenRun, 'config' | 'surplus'>,
): void {
  const { predictionId, request, cancelAfterMs = null } = job.record;
  if (isDropped(job) && predictionId !== null) surplus.drop(predictionId);
  else if (request !== null) {
    const { scheduler = monotonicScheduler } = config;
    // The journal has the time of day, which may have been set since.
    const sentAtMs = scheduler.now() - (wallNow(scheduler) - intendedAtMs);
    const sent = { request, sentAtMs, cancelAfterMs };
    surplus.sent(sent);
    // This run has not resumed it: the next one that does looks for its prediction.
    if (!isDropped(job) && job.record.state === 'intended') surplus.left(sent);
  }
}

/**
 * Returns true for a dropped job that a list adds nothing to: it was paid, and is listed with its
 * cost, or the service no longer shows the prediction of its lost request.
 */
function isSettled(job: StoredJob, intendedAtMs: number, nowMs: number): boolean {
  if (!isDropped(job)) return false;
  const isForgotten = job.record.predictionId === null && nowMs - intendedAtMs > OUTPUT_LIFETIME_MS;
  return isBooked(job) || isForgotten;
}

function isDropped({ index }: StoredJob): boolean {
  return index === null;
}

/** A failed job may be paid, and then is listed with its cost. */
function isBooked({ paidMicroUsd, record }: StoredJob): boolean {
  return paidMicroUsd > record.costMicroUsd;
}

/** Returns the start of the first run that ended without a report; null if there is none. */
function firstKilledMs(
  journal: Pick<OpenRun['journal'], 'sessions'>,
  reportedMs = Number.NEGATIVE_INFINITY,
): number | null {
  const killed = journal.sessions().find(({ startedAtMs }) => startedAtMs > Math.round(reportedMs));
  return killed?.startedAtMs ?? null;
}

/** Leaves out predictions that jobs have claimed meanwhile, with their part of the cost. */
function unclaimed({ count, costUsd, predictionIds }: Surplus, isClaimed: (id: string) => boolean): Surplus {
  const left = predictionIds.filter((id) => !isClaimed(id));
  const leftCount = count - (predictionIds.length - left.length);
  const share = count === 0 ? 0 : leftCount / count;
  return {
    count: leftCount,
    costUsd: Math.round(costUsd * 1_000_000 * share) / 1_000_000,
    predictionIds: left,
  };
}

import { join } from 'node:path';
import { z } from 'zod';
import { readOwnJson } from '../../../disk/writeFiles.ts';
import type { StoredJob } from '../../../store/entries.ts';
import type { OpenRun } from '../settings.ts';

type Earlier = Pick<OpenRun, 'config' | 'journal' | 'observers'>;

/** Attempts that a closing look has to account for. */
export interface EarlierAttempts {
  readonly count: number;
  /** Start of the first one, ms since 1970; Infinity if there is none. */
  readonly sinceMs: number;
}

/**
 * Shows the observers of a run the attempts of earlier runs that no closing look has accounted for:
 * those of runs that were killed, and open ones of jobs that the input no longer asks for.
 */
export async function noteEarlierAttempts(run: Earlier): Promise<EarlierAttempts> {
  const { config, journal, observers = [] } = run;
  let [count, sinceMs] = [0, Number.POSITIVE_INFINITY];
  for (const job of journal.unaccounted(await firstKilledMs(config.folder, journal))) {
    const { intendedAtMs, predictionId, request, cancelAfterMs = null } = job.record;
    if (intendedAtMs === null || (isDropped(job) && !isUnbooked(job))) continue;
    count += 1;
    sinceMs = Math.min(sinceMs, intendedAtMs);
    for (const observer of observers) {
      if (isDropped(job) && predictionId !== null) observer.drop?.(predictionId);
      else if (request !== null) observer.sent?.({ request, sentAtMs: intendedAtMs, cancelAfterMs });
    }
  }
  return { count, sinceMs };
}

/** Returns the ids of predictions whose jobs the input no longer asks for, and no list has. */
export function droppedIds({ journal }: Pick<Earlier, 'journal'>): ReadonlySet<string> {
  const dropped = [...journal.unaccounted(null)].filter(isUnbooked);
  return new Set(dropped.flatMap(({ record }) => record.predictionId ?? []));
}

function isDropped({ index }: StoredJob): boolean {
  return index === null;
}

/** A failed job may be paid, and then is listed with its cost. */
function isUnbooked({ paidMicroUsd, record }: StoredJob): boolean {
  return paidMicroUsd <= record.costMicroUsd;
}

const reported = z.object({ run: z.object({ startedAtMs: z.number().optional() }) });

/** Returns the start of the first run that ended without a report; null if there is none. */
async function firstKilledMs(folder: string, journal: Earlier['journal']): Promise<number | null> {
  const report = await readOwnJson(join(folder, 'report.json'), reported).catch(() => null);
  const reportedMs = report?.run.startedAtMs ?? Number.NEGATIVE_INFINITY;
  const killed = journal.sessions().find(({ startedAtMs }) => startedAtMs > Math.round(reportedMs));
  return killed?.startedAtMs ?? null;
}

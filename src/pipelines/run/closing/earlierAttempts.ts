import { join } from 'node:path';
import { z } from 'zod';
import { readOwnJson } from '../../../disk/writeFiles.ts';
import type { SentRequest } from '../../../operators/predictions/lost/attempt.ts';
import type { StoredJob } from '../../../store/entries.ts';
import type { ListObserver, OpenRun } from '../settings.ts';

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
  const report = await readOwnJson(join(config.folder, 'report.json'), reported).catch(() => null);
  const listed = new Set(report?.surplus?.predictionIds);
  for (const job of journal.unaccounted(firstKilledMs(journal, report?.run.startedAtMs))) {
    const { intendedAtMs, predictionId } = job.record;
    if (intendedAtMs === null || listed.has(predictionId ?? '')) continue;
    if (isDropped(job) && !isUnbooked(job)) continue;
    count += 1;
    sinceMs = Math.min(sinceMs, intendedAtMs);
    const { request, cancelAfterMs = null } = job.record;
    const droppedId = isDropped(job) ? predictionId : null;
    show(observers, droppedId, request && { request, sentAtMs: intendedAtMs, cancelAfterMs });
  }
  return { count, sinceMs };
}

function show(
  observers: readonly ListObserver[],
  droppedId: string | null,
  request: SentRequest | null,
): void {
  for (const observer of observers) {
    if (droppedId !== null) observer.drop?.(droppedId);
    else if (request !== null) observer.sent?.(request);
  }
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

const reported = z.object({
  run: z.object({ startedAtMs: z.number().optional() }),
  surplus: z.object({ predictionIds: z.array(z.string()) }).optional(),
});

/** Returns the start of the first run that ended without a report; null if there is none. */
function firstKilledMs(
  journal: Pick<Earlier['journal'], 'sessions'>,
  reportedMs = Number.NEGATIVE_INFINITY,
): number | null {
  const killed = journal.sessions().find(({ startedAtMs }) => startedAtMs > Math.round(reportedMs));
  return killed?.startedAtMs ?? null;
}

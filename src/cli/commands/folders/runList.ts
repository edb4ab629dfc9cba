import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSimulated } from '../../../base/service.ts';
import { dayOf } from '../../../base/text.ts';
import { unlessMissing } from '../../../disk/storageError.ts';
import { addCost, type CostSum, noCost } from '../../../events/costSum.ts';
import { isEmptied } from '../../../pipelines/run/earlier/additions.ts';
import { manifestOutcomes } from '../../../sinks/manifest/manifest.ts';
import { unusedResults } from '../../../sinks/manifest/unusedResults.ts';
import { reservedMicroUsd, type UnfinishedRun, unfinishedRun } from '../../../store/journal/unfinishedRun.ts';
import { readRunFile } from '../../../store/runFile.ts';
import type { Outcome } from '../../../types.ts';

/** The jobs of a run folder. */
interface ListedJobs {
  /** Those whose originals are somewhere else by now included. */
  readonly saved: number;
  /** Saved jobs with an original that has been emptied: the next run fetches it again. */
  readonly emptied: number;
  readonly failed: number;
  readonly skipped: number;
  /** All jobs; null if it was killed before they were counted. */
  readonly total: number | null;
  /** `unfinished`: it was killed, or runs where this machine cannot see it. */
  readonly state: 'finished' | 'running' | 'unfinished';
  /** Jobs of an unfinished run that are begun, and whose files are not fetched yet. */
  readonly inFlight: number;
  /**
   * Skipped jobs of a finished run whose predictions were left to the service, as by `--detach`.
   */
  readonly left: number;
  /** Money that is reserved for them, in millionths of a US dollar; null if it is not known. */
  readonly leftMicroUsd: number | null;
}

/** A run folder in figures, from its outcomes. */
export interface ListedRun extends ListedJobs {
  readonly folder: string;
  /** Name of the service; null if it has none. */
  readonly service: string | null;
  readonly isSimulated: boolean;
  /** The first and the last time in its outcomes, ms since 1970; null if there is none. */
  readonly startedAtMs: number | null;
  readonly lastAtMs: number | null;
  /** Those with most jobs first. */
  readonly models: readonly string[];
  /** Includes results that no job asks for any more. */
  readonly cost: CostSum;
}

/** The images of a day or a month, and their cost. */
export interface Spending {
  /** `2026-11-28` or `2026-11`, by the clock of this machine. */
  readonly period: string;
  readonly images: number;
  readonly costMicroUsd: number;
}

/** Sums of days, to which runs are added. */
export type Days = Map<string, Spending>;

/**
 * Reads a run folder, and adds the cost of its images to `days`, unless it is simulated. Rejects
 * with `UsageError` or `StorageError` if the folder cannot be read.
 */
export async function readRun(folder: string, days: Days): Promise<ListedRun> {
  const { service = null } = (await readRunFile(folder)) ?? {};
  const isFake = isSimulated(service);
  const counts = { saved: 0, emptied: 0, failed: 0, skipped: 0 };
  const models = new Map<string, number>();
  let [startedAtMs, lastAtMs]: [number | null, number | null] = [null, null];
  let cost = noCost;
  let left = 0;
  const pay = (outcome: Outcome): void => {
    const { files, createdAt, completedAt } = outcome;
    const atMs = Date.parse(completedAt ?? createdAt ?? '');
    const { costMicroUsd } = addCost(noCost, outcome);
    cost = addCost(cost, outcome);
    if (Number.isNaN(atMs)) return;
    startedAtMs = Math.min(startedAtMs ?? atMs, Date.parse(createdAt ?? '') || atMs);
    lastAtMs = Math.max(lastAtMs ?? atMs, atMs);
    if (!isFake)
      addTo(days, dayOf(atMs), files.filter(({ role }) => role === 'original').length, costMicroUsd);
  };
  for await (const outcome of manifestOutcomes(folder)) {
    counts[outcome.status === 'saved' && isLost(outcome, folder) ? 'emptied' : outcome.status] += 1;
    if (outcome.error?.code === 'ERR_NOT_COLLECTED') left += 1;
    models.set(outcome.model, (models.get(outcome.model) ?? 0) + 1);
    pay(outcome);
  }
  for await (const { outcome } of unusedResults(folder)) pay(outcome);
  const unfinished = await unfinishedRun(folder);
  const known = models.size === 0 ? (unfinished?.models ?? []) : byJobs(models);
  return {
    ...{ folder, service, isSimulated: isFake, startedAtMs },
    // A run that was killed before its first outcome has its folder alone.
    lastAtMs: lastAtMs ?? (await unlessMissing(stat(join(folder, 'run.json'))))?.mtimeMs ?? null,
    models: known,
    ...counts,
    ...stateOfJobs(counts.saved + counts.emptied + counts.failed + counts.skipped, unfinished),
    // Those of an unfinished run are in flight.
    ...(await leftJobs(folder, unfinished === null ? left : 0)),
    cost,
  };
}

async function leftJobs(folder: string, left: number): Promise<Pick<ListedJobs, 'left' | 'leftMicroUsd'>> {
  return { left, leftMicroUsd: left === 0 ? 0 : await reservedMicroUsd(folder) };
}

function isLost({ files }: Outcome, folder: string): boolean {
  return files.some((file) => file.role === 'original' && isEmptied(file, folder));
}

function byJobs(models: ReadonlyMap<string, number>): string[] {
  return [...models].toSorted(([, one], [, other]) => other - one).map(([name]) => name);
}

function stateOfJobs(
  outcomes: number,
  unfinished: UnfinishedRun | null,
): Pick<ListedJobs, 'total' | 'state' | 'inFlight'> {
  if (unfinished === null) return { total: outcomes, state: 'finished', inFlight: 0 };
  const { total, inFlight, process } = unfinished;
  return {
    total: total === null ? null : Math.max(total, outcomes),
    state: process === 'alive' ? 'running' : 'unfinished',
    inFlight,
  };
}

function addTo(days: Days, period: string, images: number, costMicroUsd: number): void {
  const before = days.get(period) ?? { images: 0, costMicroUsd: 0 };
  days.set(period, {
    period,
    images: before.images + images,
    costMicroUsd: before.costMicroUsd + costMicroUsd,
  });
}

/** Adds days up to months. */
export function monthsOf(days: Iterable<Spending>): Spending[] {
  const months: Days = new Map();
  for (const { period, images, costMicroUsd } of days) {
    addTo(months, period.slice(0, 7), images, costMicroUsd);
  }
  return [...months.values()];
}

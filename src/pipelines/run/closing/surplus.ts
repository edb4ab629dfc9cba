import { join } from 'node:path';
import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  from,
  last,
  lastValueFrom,
  of,
  takeWhile,
  timer,
  toArray,
} from 'rxjs';
import { z } from 'zod';
import { monotonicScheduler } from '../../../base/monotonicScheduler.ts';
import { formatUsd, toMicroUsd } from '../../../base/text.ts';
import { readOwnJson } from '../../../disk/writeFiles.ts';
import { addUsd } from '../../../operators/stages/tally.ts';
import type { Surplus } from '../../../sinks/report/money.ts';
import type { Prediction } from '../../../types.ts';
import { overrideAnswers } from '../runConfig.ts';
import type { OpenRun } from '../settings.ts';
import { droppedIds } from './earlierAttempts.ts';
import type { RunEnd } from './results.ts';
import { hasEnded } from './settledPredictions.ts';

/** Ids in the report, at most. */
const MAX_IDS = 1_000;

/**
 * Adds to the end of a run what its observers have found: predictions that were made twice, or for
 * jobs that the input no longer asks for, their cost, and a warning about them. The report counts
 * those of earlier runs too, except the ones that a job has claimed since.
 */
export async function addSurplus(
  end: RunEnd,
  run: Pick<OpenRun, 'config' | 'journal' | 'observers'>,
): Promise<RunEnd> {
  const { config, journal, observers = [] } = run;
  if (observers.length === 0) return end;
  const dropped = droppedIds(run);
  const claimed = [...journal.knownPredictionIds()].filter((id) => !dropped.has(id));
  const earlier = unclaimed(await earlierSurplus(config.folder), new Set(claimed));
  const known = new Set(earlier.predictionIds);
  const news = observers.flatMap((observer) => observer.result()).filter(({ id }) => !known.has(id));
  const found = surplusOf(await atTheirEnd(news, config), config);
  if (found.count > 0) config.emit?.({ type: 'warning', message: surplusText(found) });
  const surplus = {
    count: earlier.count + found.count,
    costUsd: addUsd(earlier.costUsd, found.costUsd),
    predictionIds: [...earlier.predictionIds, ...found.predictionIds].slice(0, MAX_IDS),
  };
  const totals = { ...end.totals, costUsd: addUsd(end.totals.costUsd, found.costUsd) };
  return surplus.count === 0 ? end : { ...end, totals, surplus };
}

/** Pauses before a prediction that still runs is asked for again. */
const PAUSES_MS = [1_000, 3_000, 10_000];

/** Asks for the predictions that still ran when the list was read: their cost is not known yet. */
async function atTheirEnd(
  predictions: readonly Prediction[],
  { provider, scheduler = monotonicScheduler }: OpenRun['config'],
): Promise<readonly Prediction[]> {
  const again = ({ id }: Prediction, pauseMs: number) =>
    timer(pauseMs, scheduler).pipe(
      concatMap(() => provider.getPrediction(id)),
      catchError(() => EMPTY),
    );
  const asked = from(predictions).pipe(
    concatMap((prediction) =>
      concat(of(prediction), ...PAUSES_MS.map((pauseMs) => again(prediction, pauseMs))).pipe(
        takeWhile((state) => !hasEnded(state), true),
        last(),
      ),
    ),
    toArray(),
  );
  return lastValueFrom(asked);
}

/** Sums up predictions; one that still runs costs what it has reported so far, if anything. */
function surplusOf(predictions: readonly Prediction[], { provider, answers }: OpenRun['config']): Surplus {
  const { costOf } = overrideAnswers(provider.answers, answers);
  const microUsd = predictions.reduce((sum, one) => sum + (hasEnded(one) ? (costOf(one) ?? 0) : 0), 0);
  return {
    count: predictions.length,
    costUsd: microUsd / 1_000_000,
    predictionIds: predictions.slice(0, MAX_IDS).map(({ id }) => id),
  };
}

function surplusText({ count, costUsd }: Surplus): string {
  const cost = costUsd === 0 ? '' : ` (${formatUsd(toMicroUsd(costUsd))})`;
  return count === 1
    ? `1 prediction equals a request of this folder but belongs to no job: it was made twice, or for a job that is no longer in the input${cost}. report.json has its id.`
    : `${count} predictions equal requests of this folder but belong to no job: they were made twice, or for jobs that are no longer in the input${cost}. report.json has their ids.`;
}

const reported = z.object({
  surplus: z.object({ count: z.int(), costUsd: z.number(), predictionIds: z.array(z.string()) }).optional(),
});

const NONE: Surplus = { count: 0, costUsd: 0, predictionIds: [] };

/** Reads what earlier runs have reported; a report that cannot be read counts as none. */
async function earlierSurplus(folder: string): Promise<Surplus> {
  const report = await readOwnJson(join(folder, 'report.json'), reported).catch(() => null);
  return report?.surplus ?? NONE;
}

/** Leaves out predictions that jobs have claimed meanwhile, with their part of the cost. */
function unclaimed(
  { count, costUsd, predictionIds }: Surplus,
  known: Pick<ReadonlySet<string>, 'has'>,
): Surplus {
  const left = predictionIds.filter((id) => !known.has(id));
  const leftCount = count - (predictionIds.length - left.length);
  const share = count === 0 ? 0 : leftCount / count;
  return {
    count: leftCount,
    costUsd: Math.round(toMicroUsd(costUsd) * share) / 1_000_000,
    predictionIds: left,
  };
}

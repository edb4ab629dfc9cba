import { catchError, EMPTY, from, ignoreElements, lastValueFrom, type Observable, of } from 'rxjs';
import { writeLineage } from '../sinks/refinement/lineage/writeLineage.ts';
import type { RefinementHistory } from '../sinks/refinement/RefinementHistory.ts';
import { writeRefinementHistory } from '../sinks/refinement/writeRefinementHistory.ts';
import type { Outcome } from '../types.ts';
import type { RefinementRounds } from './createRefinementRounds.ts';
import type { OpenRun } from './openRun.ts';
import { outcomeError } from './outcomeError.ts';
import type { RunEnd } from './runToFolder.ts';

/**
 * Leaves what a refinement has decided: `refinement.json`, the ranks of the best in manifest and sidecars, the picture of the
 * lineage. Emits the end with the jobs that were begun as its total; what the disk refuses becomes its fault.
 */
export function leaveRefinement(end: RunEnd, rounds: RefinementRounds, run: OpenRun): Observable<RunEnd> {
  return from(leave(end, rounds, run)).pipe(
    catchError((error: unknown) => of({ ...end, fault: end.fault ?? error })),
  );
}

async function leave(end: RunEnd, rounds: RefinementRounds, run: OpenRun): Promise<RunEnd> {
  const { folder } = run.config;
  const history = await rounds.history();
  await writeRefinementHistory(folder, history);
  await writeRanks(history, run);
  await drawLineage(history, run);
  let total = 0;
  for await (const _plan of rounds.plans()) total += 1;
  const isUnfinished = history.end === 'stopped';
  if (isUnfinished && total === end.totals.saved + end.totals.alreadySaved) {
    const message =
      'Stopped between two rounds. The same command again goes on; nothing is made or paid again.';
    run.config.emit?.({ type: 'warning', message });
  }
  return { ...end, totals: { ...end.totals, total }, isUnfinished };
}

/** Only the best of all have a rank; those that an earlier run had ranked may be none of them any more. */
async function writeRanks({ rounds }: RefinementHistory, { manifest, config }: OpenRun): Promise<void> {
  const best = rounds.at(-1)?.candidates.filter(({ kept }) => kept) ?? [];
  const rankOf = new Map(best.map(({ index, rank }) => [index, rank]));
  const changed: Outcome[] = [];
  for await (const outcome of manifest.outcomes()) {
    const { rank: before = null, ...metrics } = outcome.metrics;
    const rank = rankOf.get(outcome.index) ?? null;
    if (rank === before) continue;
    changed.push({ ...outcome, metrics: rank === null ? metrics : { ...metrics, rank } });
  }
  const { keep = () => EMPTY } = config;
  for (const outcome of changed)
    await lastValueFrom(keep(outcome).pipe(ignoreElements()), { defaultValue: null });
}

/** The run is whole without it. */
async function drawLineage(history: RefinementHistory, { config, thumbnails }: OpenRun): Promise<void> {
  if (thumbnails === null) return;
  try {
    await writeLineage(config.folder, history);
  } catch (error) {
    const { message } = outcomeError(error);
    config.emit?.({ type: 'warning', message: `The picture of the lineage could not be made: ${message}` });
  }
}

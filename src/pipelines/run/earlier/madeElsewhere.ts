import { defer, EMPTY, filter, from, type MonoTypeOperatorFunction, map, type Observable, tap } from 'rxjs';
import type { Outcome } from '../../../types.ts';
import { endOf } from '../../journey/closeJob.ts';
import type { OpenRun, RunSettings } from '../settings.ts';

/**
 * Emits the outcomes that the folder has of a run that is made elsewhere, and that count for it
 * now: all of them under `countsAll`, else those of chosen jobs that are not saved, whose money
 * earlier runs have counted. None of a run that is made here, which makes them again.
 */
export function enteredBefore(
  { manifest, isChosen }: Pick<OpenRun, 'manifest' | 'isChosen'>,
  { countsAll = false, make }: Pick<RunSettings, 'countsAll' | 'make'>,
): Observable<Outcome> {
  if (make === undefined) return EMPTY;
  const all = defer(() => from(manifest.outcomes()));
  if (countsAll) return all;
  return all.pipe(
    filter(({ status, index }) => status !== 'saved' && isChosen(index)),
    map(({ estimatedUsd: _estimated, ...outcome }) => ({ ...outcome, costUsd: 0 })),
  );
}

/** Reports the ends of jobs that are made elsewhere, as their own events do not come here. */
export function reportEnds({ config }: Pick<OpenRun, 'config'>): MonoTypeOperatorFunction<Outcome> {
  return tap((outcome) => config.emit?.(endOf(outcome, { paidBeforeUsd: () => 0 })));
}

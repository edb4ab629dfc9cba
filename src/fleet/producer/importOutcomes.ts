import {
  concat,
  concatMap,
  defer,
  EMPTY,
  firstValueFrom,
  from,
  ignoreElements,
  map,
  NEVER,
  type Observable,
  race,
  timer,
} from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { pathBelow } from '../../disk/insideFolder.ts';
import { pullMap } from '../../operators/pullMap.ts';
import type { OpenRun } from '../../pipelines/run/settings.ts';
import { storedPlans } from '../../sinks/manifest/storedPlans.ts';
import { storedJob } from '../../store/journal/jobTable.ts';
import type { ImageFile, JournalEntry, Outcome, Plan } from '../../types.ts';
import type { Database, Row } from '../database/connection.ts';
import type { EndedJob } from '../packedOutcomes.ts';
import { type BesideBucket, bringFiles } from './bucketFiles.ts';
import { type DoneParts, doneParts } from './doneParts.ts';

/** The parts of a folder that outcomes are entered into. */
type Importing = Pick<OpenRun, 'config' | 'journal' | 'manifest' | 'thumbnails'>;

/**
 * Enters the outcomes of a run that the database has into its folder: manifest, journal, and the
 * plans of failed jobs, as if this machine had made them. Emits each outcome that the folder does
 * not have yet. Takes the memory of some parts. The images of a run over a bucket stay there.
 */
export function importOutcomes(
  database: Pick<Database, 'query'>,
  run: number,
  into: Importing,
  beside: Beside | null = null,
): Observable<Outcome> {
  const wait = async () => false;
  return enterParts(doneParts(database, run, { isEntered: enteredIn(into), wait }), into, beside);
}

export interface FollowOutcomesConfig {
  /** Time between two looks if no part is done. Default 1,000. */
  everyMs?: number;
  /** Ends it when it emits: outcomes that are being entered are entered. */
  stop: Observable<unknown>;
}

/**
 * Enters the outcomes of a run as `importOutcomes` does, each soon after its part is done, until it
 * is stopped. `importOutcomes` enters the rest.
 */
export function followOutcomes(
  database: Pick<Database, 'query'>,
  run: number,
  into: Importing,
  beside: Beside | null,
  { everyMs = 1_000, stop }: FollowOutcomesConfig,
): Observable<Outcome> {
  const stopped = stop.pipe(map(() => false));
  const wait = () => firstValueFrom(race(stopped, timer(everyMs, monotonicScheduler).pipe(map(() => true))));
  return enterParts(doneParts(database, run, { isEntered: enteredIn(into), wait }), into, beside, stop);
}

/**
 * Returns the question whether the jobs of a part are in the manifest. Jobs that are not chosen are
 * there only once all parts are, so they do not stand for others.
 */
function enteredIn({ manifest }: Pick<Importing, 'manifest'>): (first: number, jobs: number) => boolean {
  return (first, jobs) => {
    for (let index = first; index < first + jobs; index += 1) if (!manifest.has(index)) return false;
    return true;
  };
}

/** The bucket of a run, and whether its sidecars are wanted in the folder. */
type Beside = Pick<BesideBucket, 'bucket' | 'sidecars'>;

function enterParts(
  parts: AsyncIterable<DoneParts>,
  into: Importing,
  beside: Beside | null,
  stop: Observable<unknown> = NEVER,
): Observable<Outcome> {
  const { manifest, thumbnails, config } = into;
  const { folder } = config;
  return pullMap(
    parts,
    ({ plans, jobs, aheadMs }) => {
      const fresh = jobs.filter(({ outcome }) => !manifest.has(outcome.index));
      const brought = beside === null ? EMPTY : bringFiles(fresh, { ...beside, folder, thumbnails });
      return concat(brought, enter(fresh, new Map(plans.map((plan) => [plan.index, plan])), into, aheadMs));
    },
    { concurrency: 1, stop },
  );
}

function enter(
  jobs: readonly EndedJob[],
  plans: ReadonlyMap<number, Plan>,
  { config, journal, manifest }: Importing,
  aheadMs: number,
): Observable<Outcome> {
  const { folder } = config;
  const failedPlans = storedPlans(folder, 'failed');
  const isSaved = ({ outcome }: EndedJob) => outcome.status === 'saved';
  const saved = jobs.filter(isSaved);
  const others = jobs.filter((job) => !isSaved(job));
  const enterSaved = defer(() => {
    journal.restore(saved.map(({ outcome }) => ({ outcome, files: originalsOf(outcome, folder) })));
    return EMPTY;
  });
  const enterOther = ({ outcome, open }: EndedJob): Observable<never> => {
    const plan = plans.get(outcome.index);
    if (plan === undefined) return EMPTY;
    const entries: JournalEntry[] = [...openEntries(open, folder, aheadMs), { type: 'outcome', outcome }];
    return concat(
      outcome.status === 'failed' ? failedPlans.store(plan) : EMPTY,
      from(entries).pipe(concatMap((entry) => journal.record(plan, entry))),
    ).pipe(ignoreElements());
  };
  return concat(
    saved.length === 0 ? EMPTY : enterSaved,
    from(others).pipe(concatMap(enterOther)),
    defer(() => manifest.appendAll(jobs.map(({ outcome }) => outcome))),
  );
}

/** Returns the entries of an attempt that may have been paid, as if this machine had noted it. */
function openEntries(row: Row | null, folder: string, aheadMs: number): JournalEntry[] {
  if (row === null) return [];
  const { record, openMicroUsd: reservedMicroUsd } = storedJob(row, folder);
  const { attempts: attempt, intendedAtMs, predictionId, prediction, files, request } = record;
  const { cancelAfterMs = null } = record;
  const sent = request === null ? {} : { request };
  return [
    ...(intendedAtMs === null
      ? []
      : [
          {
            type: 'intended',
            attempt,
            atMs: Math.round(intendedAtMs + aheadMs),
            cancelAfterMs,
            ...sent,
            reservedMicroUsd,
          } as const,
        ]),
    ...(predictionId === null ? [] : [{ type: 'created', attempt, predictionId } as const]),
    ...(prediction === null ? [] : [{ type: 'downloaded', prediction, files } as const]),
  ];
}

function originalsOf({ files }: Outcome, folder: string): ImageFile[] {
  return files.flatMap(({ role, path, bytes, sha256, format, width, height }) =>
    role === 'original'
      ? [{ path: pathBelow(folder, path), bytes, sha256, format, widthPx: width, heightPx: height }]
      : [],
  );
}

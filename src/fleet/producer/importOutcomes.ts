import { concat, concatMap, defer, EMPTY, from, ignoreElements, lastValueFrom, type Observable } from 'rxjs';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { pathBelow } from '../../disk/insideFolder.ts';
import { pullMap } from '../../operators/pullMap.ts';
import type { OpenRun } from '../../pipelines/run/settings.ts';
import { storedPlans } from '../../sinks/manifest/storedPlans.ts';
import { storedJob } from '../../store/journal/jobTable.ts';
import type { ImageFile, JournalEntry, Outcome, Plan } from '../../types.ts';
import type { Database, Row } from '../database/connection.ts';
import { createRead } from '../database/partCalls.ts';
import { type EndedJob, unpackEnded } from '../packedOutcomes.ts';
import { damaged, unpackPlans } from '../packedPlans.ts';
import { type BesideBucket, bringFiles } from './bucketFiles.ts';

/** Parts that are read at a time: a thousand outcomes. */
const PARTS_AT_ONCE = 40;
const DONE = `
  SELECT part, jobs, plans, outcomes, extract(epoch FROM clock_timestamp()) * 1000 AS now_ms FROM rx.part
  WHERE run = $1 AND part > $2 AND state = 'done' ORDER BY part LIMIT $3`;

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
  beside: Pick<BesideBucket, 'bucket' | 'sidecars'> | null = null,
): Observable<Outcome> {
  const { folder, stop } = into.config;
  const { thumbnails } = into;
  return pullMap(
    partsOf(database, run),
    ({ plans, jobs, aheadMs }) => {
      const fresh = jobs.filter(({ outcome }) => !into.manifest.has(outcome.index));
      const brought = beside === null ? EMPTY : bringFiles(fresh, { ...beside, folder, thumbnails });
      return concat(brought, enter(fresh, new Map(plans.map((plan) => [plan.index, plan])), into, aheadMs));
    },
    { concurrency: 1, ...(stop && { stop }) },
  );
}

interface MadeParts {
  readonly plans: readonly Plan[];
  readonly jobs: readonly EndedJob[];
  /** How far the clock of this machine is ahead of the database's, by which their moments are. */
  readonly aheadMs: number;
}

/** Yields the parts that are done, in their order, some together; the next ones are read ahead. */
async function* partsOf({ query }: Pick<Database, 'query'>, run: number): AsyncGenerator<MadeParts> {
  const read = createRead(query);
  const after = (part: number) => lastValueFrom(read(DONE, [run, part, PARTS_AT_ONCE]));
  for (let next = after(-1); ; ) {
    const rows = await next;
    if (rows.length === 0) return;
    next = after(Number(rows.at(-1)?.part));
    // Seen when its turn comes; a reader that leaves before has no use for it.
    next.catch(() => {});
    const aheadMs = wallNow(monotonicScheduler) - Number(rows[0]?.now_ms);
    const jobs = await Promise.all(rows.map(unpackPart));
    const hasFailed = jobs.map((some) => some.some(({ outcome }) => outcome.status !== 'saved'));
    // Only the plans of jobs that may be made again are needed.
    const plans = await Promise.all(
      rows.map((row, at) => (hasFailed[at] === true ? unpackPlans(bytesOf(row.plans)) : [])),
    );
    yield { plans: plans.flat(), jobs: jobs.flat(), aheadMs };
  }
}

/** Rejects with `StorageError` if a part does not have an outcome for each of its jobs. */
async function unpackPart({ jobs, outcomes }: Row): Promise<readonly EndedJob[]> {
  const ended = await unpackEnded(bytesOf(outcomes));
  if (ended.length !== Number(jobs)) throw damaged(null);
  return ended;
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
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

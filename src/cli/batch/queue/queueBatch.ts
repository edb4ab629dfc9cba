import { createHash, randomUUID } from 'node:crypto';
import {
  catchError,
  EMPTY,
  firstValueFrom,
  last,
  lastValueFrom,
  map,
  merge,
  of,
  race,
  shareReplay,
  tap,
} from 'rxjs';
import { ProviderError, UsageError } from '../../../errors.ts';
import { type Database, openDatabase } from '../../../fleet/database/connection.ts';
import { migrate } from '../../../fleet/database/migrate.ts';
import { createRead } from '../../../fleet/database/partCalls.ts';
import { createRunCalls, type OpenedRun } from '../../../fleet/database/runCalls.ts';
import { type Engine, openEngine } from '../../../fleet/engine/engine.ts';
import { importOutcomes } from '../../../fleet/producer/importOutcomes.ts';
import { loadRun, type RunToLoad } from '../../../fleet/producer/loadRun.ts';
import { takeBucket } from '../../../fleet/producer/takeBucket.ts';
import { type RunProgress, watchRun } from '../../../fleet/producer/watchRun.ts';
import { readStoredSettings, type StoredSettings } from '../../../fleet/storedSettings.ts';
import type { JobsToPlan, PlannedBatch } from '../../../pipelines/front/planning/planBatch.ts';
import { identifyService } from '../../../pipelines/run/folder/enterFolder.ts';
import { inOpenRun } from '../../../pipelines/run/openRun.ts';
import type { RunSettings } from '../../../pipelines/run/settings.ts';
import type { Bucket } from '../../../sinks/destinations/s3Bucket.ts';
import { isQueued, isQueuedAlone, markQueued, unmarkQueued } from '../../../store/queueMark.ts';
import type { Plan } from '../../../types.ts';
import { queueUrl } from '../../script/environment.ts';
import { exitCodes } from '../../script/exit.ts';
import { interruption } from '../../script/interruption.ts';
import { type Batch, runBatch } from '../runBatch.ts';
import { runSettings } from '../runSettings.ts';
import { enterAhead } from './enterAhead.ts';
import { expectServed, expectTravels } from './queueRefusals.ts';
import { queuePlace, storedSettings } from './queueSettings.ts';
import { createQueueView } from './queueView.ts';

/** A batch that workers make. */
export interface QueuedBatch extends JobsToPlan, Omit<Batch, 'run' | 'fingerprint'> {}

/**
 * Lets workers make the images of a batch: loads its plans into their database, shows how far they
 * come, and leaves the results in the run folder. Ctrl-C ends only the view; the same command goes
 * on from there. Resolves with the exit code.
 */
export async function queueBatch(batch: QueuedBatch, planned: PlannedBatch): Promise<number> {
  const { flags, io } = batch;
  expectServed(flags);
  const url = queueUrl(flags.queue, io.env);
  const { name, folder, bucketUrl } = queuePlace(flags, batch.folder);
  const view = createQueueView(batch);
  const plans = chosen(planned, batch);
  const checked = await checkPlans(plans);
  const service = await lastValueFrom(identifyService(batch.service));
  const database = await openDatabase({ url, name: `rxposure ${name}`, onWarning: view.warn });
  try {
    await migrate(database);
    const known = await runNamed(database, name);
    const isNew = known === null;
    // A command that was killed between the two entries has left no mark yet.
    const isUnmarked = known?.state === 'loading' && !isQueued(batch.folder);
    if (isNew || isUnmarked) await expectNewFolder(batch);
    const claim = known?.settings.bucket?.claim ?? randomUUID();
    const bucketOf = bucketUrl === null ? null : { url: bucketUrl, claim };
    const settings = storedSettings(batch, planned, { service, folder, bucket: bucketOf });
    const run = { name, settings, limitMicroUsd: flags.budgetMicroUsd, ...checked };
    const bucket = await takeBucket(database, { ...run, isNew });
    try {
      const engine = await openEngine(database, { url, name: `rxposure ${name}` });
      try {
        return await loadAndWatch({ database, engine, batch, planned, plans, view, bucket, run });
      } finally {
        await engine.close();
      }
    } finally {
      bucket?.close();
    }
  } finally {
    view.close();
    await database.close();
  }
}

/** Returns a run that the database knows by its name; null if it knows none. */
async function runNamed(
  { query }: Database,
  name: string,
): Promise<{ readonly settings: StoredSettings; readonly state: unknown } | null> {
  const read = createRead(query);
  const [known] = await lastValueFrom(read('SELECT settings, state FROM rx.run WHERE name = $1', [name]));
  return known === undefined ? null : { settings: readStoredSettings(known.settings), state: known.state };
}

function chosen({ plans }: PlannedBatch, { flags }: QueuedBatch): () => AsyncGenerator<Plan> {
  const { only } = flags;
  return async function* () {
    for await (const plan of plans()) if (only === null || only.has(plan.index)) yield plan;
  };
}

/**
 * Reads all plans once, so that a mistake in one is reported before anything is loaded. Resolves
 * with their number, and a hash of their content.
 */
async function checkPlans(
  plans: () => AsyncIterable<Plan>,
): Promise<{ readonly total: number; readonly fingerprint: string }> {
  const hash = createHash('sha256');
  let total = 0;
  for await (const plan of plans()) {
    expectTravels(plan);
    hash.update(JSON.stringify([plan.index, plan.key, plan.renditions]));
    total += 1;
  }
  return { total, fingerprint: hash.digest('hex') };
}

/**
 * Opens the run folder once, to see that a new run can have it. Rejects with `UsageError` if it has
 * jobs of a run on one machine.
 */
async function expectNewFolder(batch: QueuedBatch): Promise<void> {
  if (await isUnused(batch)) return;
  throw new UsageError(`${batch.folder} has jobs of a run without --queue.`, {
    suggestion: 'Finish it without --queue, or choose another folder with --out.',
  });
}

/** Opens the run folder once, to see if it has no jobs. */
async function isUnused(batch: QueuedBatch): Promise<boolean> {
  const settings: RunSettings = {
    ...runSettings(batch.flags),
    // A prefix may be that of another run, and nothing in it be touched.
    ...(batch.flags.shared === null && { destinations: [] }),
    folder: batch.folder,
    provider: batch.service.provider,
    ...(batch.input === undefined ? {} : { input: batch.input }),
  };
  return lastValueFrom(inOpenRun(settings, ({ journal }) => of(journal.isEmpty())));
}

interface Looking {
  readonly database: Database;
  readonly engine: Engine;
  readonly batch: QueuedBatch;
  readonly planned: PlannedBatch;
  readonly plans: () => AsyncIterable<Plan>;
  readonly view: ReturnType<typeof createQueueView>;
  /** Null: the images are in the run folder. */
  readonly bucket: Bucket | null;
  readonly run: Omit<RunToLoad, 'account' | 'plans' | 'onLoaded'>;
}

async function loadAndWatch(looking: Looking): Promise<number> {
  const { database, engine, batch, planned, plans, view, bucket } = looking;
  const { name, total } = looking.run;
  const { flags } = batch;
  const { run, state } = await loadRun(database, engine, {
    ...looking.run,
    account: {
      perMinute: flags.ratePerMinute,
      burst: Math.max(1, Math.floor(flags.ratePerMinute / 60)),
      slots: Number(flags.concurrency),
      hasRate: flags.isGiven.rate,
      hasSlots: flags.isGiven.concurrency,
    },
    plans,
    // Before the database knows the run, a mark would lock the folder for ever.
    onOpened: async () => {
      // The mark stays as it was made, or the folder is another one than before.
      if (!isQueued(batch.folder)) await markQueued(batch.folder, name, !(await isUnused(batch)));
    },
    onLoaded: (count) => view.loaded(count, total),
  });
  const end = await watch(looking, { run, state });
  if (end === null) return exitCodes.interrupted.code;
  if (end.state === 'paused') throw paused(end);
  view.close();
  const beside = bucket === null ? null : { bucket, sidecars: flags.sidecars };
  const isAlone = await isQueuedAlone(batch.folder);
  const code = await runBatch({
    ...batch,
    // Nothing is left to follow.
    flags: { ...flags, follow: 'wait' },
    again: AGAIN,
    fingerprint: planned.settings.fingerprint ?? null,
    run: ({ destinations: _delivered, ...given }) =>
      planned.run({
        ...given,
        // All that it has was entered for this run then.
        countsAll: isAlone,
        ...(state === 'done' ? {} : { startedAtMs: end.begunAtMs }),
        freeSpaceOf: async () => null,
        // Another command may be entering the same outcomes.
        waitsForFolder: true,
        make: (_plans, opened) => importOutcomes(database, run, opened, beside),
      }),
  });
  if (code === exitCodes.interrupted.code) return code;
  await lastValueFrom(createRunCalls(database).imported(run));
  await unmarkQueued(batch.folder);
  return code;
}

/** Parts that are done stay done: one machine makes the rest. */
const AGAIN = 'the same command on one machine (no --queue, no `fleet`)';

/**
 * Shows the progress of the run, and enters its outcomes meanwhile; resolves with its end, or null
 * after Ctrl-C.
 */
async function watch(
  looking: Looking,
  { run, state }: Pick<OpenedRun, 'run' | 'state'>,
): Promise<RunProgress | null> {
  const { database, view, batch } = looking;
  const { stop } = interruption();
  const left = merge(stop, batch.io.outputClosed).pipe(map(() => null));
  const watched = watchRun(database, run).pipe(
    tap((progress) => view.progress(progress)),
    last(),
    shareReplay({ bufferSize: 1, refCount: true }),
  );
  const over = merge(watched, left).pipe(catchError(() => of(null)));
  const canEnter = state !== 'done' && (await isQueuedAlone(batch.folder));
  const ahead = canEnter ? enterAhead({ ...looking, run, warn: view.warn }, over) : EMPTY;
  const end = await firstValueFrom(race(merge(ahead, watched).pipe(last()), left));
  if (end === null) view.left();
  return end;
}

function paused({ reason }: RunProgress): ProviderError {
  return new ProviderError('ERR_RUN_PAUSED', `The run is paused: ${reason ?? 'no reason is known'}`, {
    stopsRun: true,
    suggestion: 'Remove the cause, then run the same command again.',
  });
}

import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  from,
  lastValueFrom,
  NEVER,
  type Observable,
  type Observer,
  of,
  ReplaySubject,
  share,
  throwError,
} from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { encoderConcurrency } from '../../base/pictures.ts';
import { UsageError } from '../../errors.ts';
import type { EmitEvent, RunEvent } from '../../events/runEvent.ts';
import { createGate, type Gate } from '../../operators/gate.ts';
import { createListPoller } from '../../operators/predictions/listPoller.ts';
import { createLedger } from '../../operators/stages/budgetTake.ts';
import type { GenerateConfig } from '../../pipelines/journey/config.ts';
import { identifyService } from '../../pipelines/run/folder/enterFolder.ts';
import { configOf } from '../../pipelines/run/runConfig.ts';
import { openBreaker } from '../../pipelines/run/runState.ts';
import type { RunStore } from '../../pipelines/run/settings.ts';
import type { Claims, Destination, Governor, PredictionEvents, Provider, Renderer } from '../../ports.ts';
import { createMemoryJournal } from '../../store/memoryJournal.ts';
import type { Database } from '../database/connection.ts';
import { createCall } from '../database/partCalls.ts';
import { createFleetClaims } from '../fleetClaims.ts';
import { PLAN_FORMAT } from '../packedPlans.ts';
import { readStoredSettings, runSettingsOf, type StoredSettings } from '../storedSettings.ts';
import { claimsOfOthers } from './claimsOfOthers.ts';
import { openFolders, type PartFolder } from './partFolder.ts';
import type { PartsInHand } from './partsInHand.ts';
import { tellAccount } from './tellAccount.ts';

/** The gates that all runs of a worker share: the limits of this machine. */
export interface WorkerGates {
  readonly downloads: Gate;
  readonly encoders: Gate;
  readonly uploads: Gate;
  /** Requests to the buckets of runs. */
  readonly requests: Gate;
  /** One job at a time asks the account for a slot. */
  readonly line: Gate;
}

/** Creates the gates of a worker. */
export function createWorkerGates(encoders: number = encoderConcurrency()): WorkerGates {
  return {
    downloads: createGate(16),
    encoders: createGate(encoders),
    uploads: createGate(4),
    requests: createGate(16),
    line: createGate(1),
  };
}

export interface RunOfWorkerConfig {
  /** The service, with this machine's token. */
  provider: Provider;
  /**
   * The folder that all machines share; absolute. Default: none, and runs with one are left to
   * others.
   */
  shared?: string;
  /**
   * Folder of this worker alone, for the files of runs over a bucket; absolute. Default: none, they
   * are left to others.
   */
  scratch?: string;
  /**
   * The reports of the service's webhooks, for runs that follow them. Default: the list is read.
   */
  webhookEvents?: PredictionEvents['events'];
  /** Makes renditions on a shared folder. Default: that of any run. */
  renderer?: Renderer;
  /** Receives the events of all runs. */
  emit: EmitEvent;
  /** Creates a listener to the events of one run, such as `toTelemetry`. Default: none. */
  listen?: (run: number) => Observer<RunEvent>;
  gates: WorkerGates;
  /** Returns the number of workers that ask the same account. Default 1. */
  liveWorkers?: () => number;
}

/** A run on a worker, shared by its parts there. */
export interface RunOfWorker {
  /** Opens the folder of a part, which the worker is about to take. */
  openFolder(): Promise<PartFolder>;
  readonly claims: Claims;
  /** Name of the service; null if it has none. */
  readonly service: string | null;
  /** Longest time for which an attempt can hold a slot. */
  readonly holdMs: number;
  close(): Promise<void>;
}

/** More than an account has: the database decides. */
const MANY = 100_000;
/** Time that a prediction may take beyond its own: see `CANCEL_MARGIN_MS` and the choices there. */
const HOLD_MARGIN_MS = 330_000 + 60_000;

/**
 * Opens a run that the database has, for its parts on this worker. Rejects with `UsageError` if
 * this worker must leave it to others: it is of a newer version, or of another service.
 */
async function openRunOfWorker(
  database: Pick<Database, 'query'>,
  run: number,
  parts: PartsInHand,
  own: RunOfWorkerConfig,
): Promise<RunOfWorker> {
  const { gates, webhookEvents: events } = own;
  const listener = own.listen?.(run);
  const emit: EmitEvent = (event) => {
    own.emit(event);
    listener?.next(event);
  };
  const provider = tellAccount(own.provider, database);
  const stored = await readRun(database, run);
  const service = await lastValueFrom(identifyService({ provider }));
  if (stored.service !== service) throw otherService(stored.service, service);
  const folders = await openFolders(run, stored, own);
  const settings = runSettingsOf(stored, {
    ...own,
    provider,
    folder: folders.root,
    ...(events !== undefined && { events }),
  });
  const claims = createFleetClaims((index) => parts.of(run, index)?.calls, {
    ofOthers: claimsOfOthers(database, parts),
  });
  const destinations: Destination[] = [];
  for (const open of settings.destinations ?? []) destinations.push(await open(folders.root));
  const store: RunStore = {
    // Each part has its own.
    journal: createMemoryJournal(),
    spentMicroUsd: () => 0,
    openMicroUsd: () => 0,
    putAside: () => EMPTY,
    isDone: () => false,
    paidBeforeUsd: () => 0,
    filesOf: async () => [],
    keep: () => EMPTY,
    ...folders.store,
  };
  const session = {
    governor: letThrough,
    ledger: createLedger({ limitMicroUsd: Number.POSITIVE_INFINITY }),
    slots: createGate(MANY),
    claims,
  };
  const common = configOf({ ...settings, session, emit }, { provider, store });
  const { breakerFailures } = stored.recovery;
  const config: GenerateConfig = {
    ...common,
    ...(own.renderer !== undefined && { renderer: own.renderer }),
    service,
    destinations,
    follower:
      common.follower ?? createListPoller(common.provider, own.liveWorkers && { pollers: own.liveWorkers }),
    downloads: gates.downloads,
    encoders: gates.encoders,
    uploads: gates.uploads,
    breakerFailures: openBreaker(breakerFailures, { emit }, { scheduler: monotonicScheduler }) ?? 0,
  };
  return {
    openFolder: () => folders.open(config),
    claims,
    service,
    holdMs: stored.limits.timeoutMs + HOLD_MARGIN_MS,
    close: async () => {
      listener?.complete();
      folders.close();
      await Promise.all(destinations.map((destination) => destination.close()));
    },
  };
}

/** Opens runs, each once: it stays open for as long as this worker has one of its parts. */
export function createRuns(
  database: Pick<Database, 'query'>,
  parts: PartsInHand,
  own: RunOfWorkerConfig,
): (run: number) => Observable<RunOfWorker | UsageError> {
  const runs = new Map<number, Observable<RunOfWorker | UsageError>>();
  const open = (run: number) =>
    defer(() => openRunOfWorker(database, run, parts, own)).pipe(
      concatMap((opened) =>
        concat(of(opened), NEVER).pipe(finalize(() => void opened.close().catch(() => {}))),
      ),
      catchError((error: unknown) => (error instanceof UsageError ? of(error) : throwError(() => error))),
      finalize(() => runs.delete(run)),
      share({ connector: () => new ReplaySubject(1), resetOnRefCountZero: true }),
    );
  return (run) => {
    const opened = runs.get(run) ?? open(run);
    runs.set(run, opened);
    return opened;
  };
}

async function readRun({ query }: Pick<Database, 'query'>, run: number): Promise<StoredSettings> {
  const row = await lastValueFrom(
    createCall(query)('SELECT settings, plan_format FROM rx.run WHERE id = $1', [run]),
  );
  if (row.settings === undefined) throw new UsageError(`Run ${run} was forgotten.`);
  if (Number(row.plan_format) > PLAN_FORMAT) {
    throw new UsageError(`Expected plans of format ${PLAN_FORMAT}, got ${row.plan_format}`, {
      suggestion: 'Update rxposure on this machine.',
    });
  }
  return readStoredSettings(row.settings);
}

/** The database decides when a create request may be sent. */
const letThrough: Governor = {
  admit: () => from([{ accepted: () => {}, refused: () => {} }]),
};

function otherService(wanted: string | null, got: string | null): UsageError {
  return new UsageError(
    `Expected the service ${wanted ?? 'without a name'}, got ${got ?? 'one without a name'}`,
    {
      suggestion: 'Set REPLICATE_BASE_URL on this machine as for the run.',
    },
  );
}

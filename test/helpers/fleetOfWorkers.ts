import { catchError, EMPTY, finalize, type Observable, Subject, type Subscription, tap } from 'rxjs';
import { onTestFinished } from 'vitest';
import { openDatabase } from '../../src/fleet/database/connection.ts';
import { migrate } from '../../src/fleet/database/migrate.ts';
import { openEngine } from '../../src/fleet/engine/engine.ts';
import type { WorkerEvent } from '../../src/fleet/worker/settlePart.ts';
import { type WorkerConfig, work } from '../../src/fleet/worker/worker.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import type { Simulator } from '../../src/simulator/index.ts';

/** A worker in this process. */
export interface LocalWorker {
  readonly events: readonly WorkerEvent[];
  /** Ends it as SIGTERM does; resolves once it has ended. */
  stop(): Promise<void>;
  /** Drops all that it has, as a kill does. */
  drop(): Promise<void>;
  /** The error that ended it; null: none. */
  fault(): unknown;
}

/** Starts a worker over a simulator; it is dropped after the test. */
export async function aLocalWorker(
  url: string,
  simulator: Simulator,
  config: Pick<WorkerConfig, 'shared'> & Partial<WorkerConfig>,
): Promise<LocalWorker> {
  const database = await openDatabase({ url, connections: 6 });
  await migrate(database);
  const engine = await openEngine(database, { url, name: 'test', supervises: true });
  const stop = new Subject<void>();
  const events: WorkerEvent[] = [];
  let fault: unknown = null;
  let isClosed: Promise<void> | null = null;
  const close = () => {
    isClosed ??= engine.close().then(() => database.close());
    return isClosed;
  };
  let running: Subscription | null = null;
  const ended = new Promise<void>((resolve) => {
    const working: Observable<WorkerEvent> = work({
      database,
      engine,
      provider: createReplicateProvider({ ...simulator, listIsCurrent: true }),
      name: 'test',
      emit: () => {},
      stop,
      ...config,
    });
    running = working
      .pipe(
        tap((event) => events.push(event)),
        catchError((error: unknown) => {
          fault = error;
          return EMPTY;
        }),
        finalize(resolve),
      )
      .subscribe();
  });
  const drop = async () => {
    running?.unsubscribe();
    await close();
  };
  onTestFinished(drop);
  return {
    events,
    stop: async () => {
      stop.next();
      await ended;
      await close();
    },
    drop,
    fault: () => fault,
  };
}

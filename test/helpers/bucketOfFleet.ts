import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, NEVER, Subject, takeUntil, tap } from 'rxjs';
import { onTestFinished, vi } from 'vitest';
import { enterBucket } from '../../src/fleet/bucket/enterBucket.ts';
import type { Database } from '../../src/fleet/database/connection.ts';
import { type EndedJob, unpackEnded } from '../../src/fleet/packedOutcomes.ts';
import type { StoredSettings } from '../../src/fleet/storedSettings.ts';
import { createPartEnds } from '../../src/fleet/worker/endPart.ts';
import { createHandler } from '../../src/fleet/worker/handlePart.ts';
import { createPartsInHand } from '../../src/fleet/worker/partsInHand.ts';
import { createWorkerGates } from '../../src/fleet/worker/runOfWorker.ts';
import type { WorkerEvent } from '../../src/fleet/worker/settlePart.ts';
import type { Provider } from '../../src/ports.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import type { Simulator } from '../../src/simulator/index.ts';
import type { RenditionSpec } from '../../src/types.ts';
import { aBucket, type Bucket, type BucketHooks, credentials } from '../sinks/destinations/aBucket.ts';
import { aPlan } from './aPlan.ts';
import { aRun } from './fleet.ts';
import { SCHNELL, simulated } from './simulated.ts';

/** Starts a bucket `pictures`, to which all of this process lead until the test is over. */
export async function theBucket(hooks: BucketHooks = {}): Promise<Bucket> {
  const bucket = await aBucket('pictures', hooks);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', bucket.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await bucket.close();
  });
  return bucket;
}

/** A run of one part over a bucket, and workers that can be killed at any moment. */
export interface PartOverBucket {
  readonly database: Database;
  readonly simulator: Simulator;
  readonly bucket: Bucket;
  /** Times that a file was asked of the service. */
  fetched(): number;
  /** Starts a worker on the part, the first or one that takes it over. */
  worker(config?: { isRescue?: boolean; hasHands?: boolean; provider?: Provider }): PartWorker;
  /** Returns the jobs of the part, which is done. */
  ended(): Promise<readonly EndedJob[]>;
}

/** A worker with a part. */
export interface PartWorker {
  readonly events: readonly WorkerEvent[];
  /** Resolves when the part is over for it, or it was killed. */
  readonly over: Promise<void>;
  /** Ends it as `kill -9` does: nothing more is asked of anything. */
  kill(): void;
}

/** Loads jobs with two renditions into a database, for workers over the bucket of `hooks`. */
export async function aPartOverBucket(
  database: Database,
  hooks: BucketHooks = {},
  paths: readonly string[] = ['pear'],
): Promise<PartOverBucket> {
  const bucket = await theBucket(hooks);
  let fetched = 0;
  const onFile = () => {
    fetched += 1;
    return null;
  };
  const simulator = await simulated({ speed: 1_000, faults: { onFile } });
  const place = { url: 's3://pictures/night', claim: randomUUID() };
  (await enterBucket(place, { begins: true })).close();
  const plans = paths.map((path, index) =>
    aPlan({ index, model: SCHNELL, renditions: [spec('a'), spec('b')], path, key: randomUUID() }),
  );
  const run = await aRun(database, [plans], { settings: settingsOver(place) });
  const held = { retryCount: 0, task: { run, part: 0, epoch: 0 } };
  const scratch = await mkdtemp(join(tmpdir(), 'rxposure-scratch-'));
  onTestFinished(() => rm(scratch, { recursive: true, force: true, maxRetries: 10 }));
  let workers = 0;
  return {
    database,
    simulator,
    bucket,
    fetched: () => fetched,
    worker({
      isRescue = false,
      hasHands = false,
      provider = createReplicateProvider({ ...simulator, listIsCurrent: true }),
    } = {}) {
      workers += 1;
      const handle = createHandler({
        database,
        name: `worker ${workers}`,
        parts: createPartsInHand(),
        hasHands: () => hasHands,
        ends: createPartEnds(database, {
          claimOf: ({ id }) => ({ name: id, sql: 'SELECT', values: [] }),
          complete: async () => {},
          send: async () => {},
        }),
        stop: NEVER,
        leave: NEVER,
        provider,
        scratch: join(scratch, String(workers)),
        emit: () => {},
        gates: createWorkerGates(1),
      });
      const events: WorkerEvent[] = [];
      const killed = new Subject<void>();
      const queue = isRescue ? 'rescue' : 'parts';
      const made = handle({ ...held, id: randomUUID(), queue }, NEVER, () => {}).pipe(
        tap((event) => events.push(event)),
        takeUntil(killed),
      );
      const over = lastValueFrom(made, { defaultValue: null }).then(() => {});
      onTestFinished(() => killed.next());
      return { events, over, kill: () => killed.next() };
    },
    async ended() {
      const [row] = await database.query('SELECT outcomes FROM rx.part WHERE run = $1', [run]);
      return unpackEnded(row?.outcomes as Uint8Array);
    },
  };
}

function spec(name: string): RenditionSpec {
  return { name, widthPx: 8, heightPx: 8, fit: 'cover', format: 'png', quality: 80 };
}

function settingsOver(bucket: StoredSettings['bucket']): StoredSettings {
  return {
    ...{ format: 1, service: 'simulator', folder: null, bucket, gallery: false },
    limits: {
      ...{ maxAttempts: 1, timeoutMs: 60_000, waitMs: 0, maxOutageMs: 1_000, maxOutputBytes: 1e9 },
    },
    recovery: { timeoutAction: 'cancel', breakerFailures: 0, lookForMs: 7_000, repay: false },
    outputs: { provenance: 'full', keepOriginals: false, sidecars: true, destinations: [] },
    prices: { all: null, byModel: {} },
    fallbacks: { models: [], schemas: {} },
    webhookUrl: null,
  };
}

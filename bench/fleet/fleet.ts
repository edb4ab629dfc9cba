import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../../src/fleet/database/connection.ts';
import { migrate } from '../../src/fleet/database/migrate.ts';
import { openEngine } from '../../src/fleet/engine/engine.ts';
import { startWorkers, type Workers, type WorkersConfig } from '../../test/chaos/fleet/startWorkers.ts';
import { startGenerate } from '../../test/chaos/startGenerate.ts';
import type { Ground } from './ground.ts';

/** A run in the hands of worker processes, which is ended before it is done. */
export interface Fleet {
  readonly workers: Workers;
  /** Reads from the database. */
  readonly query: Awaited<ReturnType<typeof openDatabase>>['query'];
  /** Images saved so far. */
  saved(): Promise<number>;
  close(): Promise<void>;
}

export interface FleetConfig extends Pick<WorkersConfig, 'script' | 'flags'> {
  workers: number;
  prompts: number;
  /** Predictions in flight, and create requests a minute. */
  slots: number;
  perMinute: number;
  /** Time after which a silent worker counts as dead. Default: the usual. */
  heartbeatS?: number;
}

const SAVED = `
  SELECT r.saved + (SELECT count(*) FROM rx.job j WHERE j.outcome IS NOT NULL AND j.state = 'saved') AS saved
  FROM rx.run r`;

/** Starts a run of tiny images, and its workers. */
export async function startFleet({ folder, url, env }: Ground, config: FleetConfig): Promise<Fleet> {
  const { prompts, slots, perMinute, heartbeatS, ...workersConfig } = config;
  const database = await openDatabase({ url, connections: 3 });
  await migrate(database);
  const engine = await openEngine(database, {
    ...{ url, name: 'bench' },
    ...(heartbeatS !== undefined && { heartbeatS }),
  });
  await engine.close();
  const shared = join(folder, 'shared');
  await mkdir(shared, { recursive: true });
  const input = join(folder, 'prompts.txt');
  await writeFile(input, Array.from({ length: prompts }, (_, n) => `${n + 2} pears\n`).join(''));
  const variables = { ...(env as Record<string, string>), XDG_CACHE_HOME: join(folder, 'cache') };
  const producer = startGenerate(
    [
      ...[input, `--queue=${url}`, '--shared', shared, '--out', join(shared, 'night'), '--no-gallery'],
      ...['--concurrency', `${slots}`, '--rate', `${perMinute}`, '--rendition', 'tiny=8x8,png'],
    ],
    variables,
  );
  const workers = startWorkers(config.workers, { shared, url, env: variables, ...workersConfig });
  return {
    workers,
    query: database.query,
    saved: async () => Number((await database.query(SAVED))[0]?.saved ?? 0),
    async close() {
      producer.kill();
      await producer.ended;
      await workers.close();
      await database.close();
    },
  };
}

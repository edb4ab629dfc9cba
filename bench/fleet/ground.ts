import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/fleet/database/connection.ts';
import { startLocalDatabase } from '../../src/fleet/local/localDatabase.ts';

/** The place where a fleet is measured. */
export interface Ground {
  /** Folder that it may fill. */
  readonly folder: string;
  /** Address of a database of its own. */
  readonly url: string;
  /** Variables that lead to the simulator. */
  readonly env: NodeJS.ProcessEnv;
}

/** A PostgreSQL of its own, with its default durability, and a folder. */
export interface Grounds {
  /** Makes a database and a folder for one measurement; `env` is left to the caller. */
  next(): Promise<Omit<Ground, 'env'>>;
  close(): Promise<void>;
}

/** Opens the grounds of a bench. */
export async function openGrounds(): Promise<Grounds> {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-bench-'));
  const server = await startLocalDatabase();
  process.once('SIGINT', () => void server.close().then(() => process.exit(130)));
  let count = 0;
  return {
    async next() {
      count += 1;
      const admin = await openDatabase({ url: server.url, connections: 1 });
      await admin.query(`CREATE DATABASE bench_${count}`);
      await admin.close();
      const own = join(folder, String(count));
      await mkdir(own);
      return { folder: own, url: server.url.replace(/\/postgres$/, `/bench_${count}`) };
    },
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

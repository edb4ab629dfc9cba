import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { startWorkers } from '../../src/cli/commands/fleet/localWorkers.ts';
import { openDatabase } from '../../src/fleet/database/connection.ts';
import { startLocalDatabase } from '../../src/fleet/local/localDatabase.ts';
import { describeFleet } from '../helpers/describeFleet.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const run = promisify(execFile);
const folder = temporaryFolder();

describeFleet('startLocalDatabase', () => {
  it('has a password that only its user can read, and survives a kill of its process', async () => {
    // Where the user that it runs as in place of root can reach it.
    const keepIn = join(tmpdir(), `rxposure-kept-${randomUUID()}`);
    onTestFinished(() => rm(keepIn, { recursive: true, force: true, maxRetries: 10 }));
    const module = new URL('../../src/fleet/local/localDatabase.ts', import.meta.url);
    const script = `import { startLocalDatabase } from '${module.href}';
      console.log((await startLocalDatabase({ keepIn: '${keepIn}' })).url); setInterval(() => {}, 1000);`;
    const process_ = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void process_.kill('SIGKILL'));
    const url = await new Promise<string>((resolve, reject) => {
      process_.once('exit', (code) => reject(new Error(`It ended with ${code}`)));
      process_.stdout.once('data', (chunk: Buffer) => resolve(String(chunk).trim()));
    });
    const first = await openDatabase({ url, connections: 1 });
    await first.query('CREATE TABLE kept AS SELECT 1 AS one');
    await first.close();
    const stranger = new URL(url);
    stranger.password = '';
    await expect(openDatabase({ url: stranger.href })).rejects.toThrow('password');
    const password = join(keepIn, 'password');
    expect((await stat(password)).mode & 0o077).toBe(0);
    expect((await stat(keepIn)).mode & 0o077).toBe(0);
    expect(url).toContain(await readFile(password, 'utf8'));
    const taken = expect.objectContaining({ message: expect.stringContaining('Another process uses') });
    await expect(startLocalDatabase({ keepIn })).rejects.toEqual(taken);
    process_.kill('SIGKILL');
    await expect.poll(() => process_.signalCode).toBe('SIGKILL');
    const next = await startLocalDatabase({ keepIn });
    onTestFinished(() => next.close());
    const database = await openDatabase({ url: next.url, connections: 1 });
    expect(await database.query('SELECT one FROM kept')).toEqual([{ one: 1 }]);
    await database.close();
    const { stdout } = await run('ps', ['-ww', '-eo', 'args=']);
    const servers = stdout.split('\n').filter((line) => line.includes(`-D ${join(keepIn, 'data')}`));
    expect(servers).toHaveLength(1);
  }, 60_000);

  it('does not follow a link that another user may have put in its place', async () => {
    const keepIn = join(folder(), 'link');
    await symlink(folder(), keepIn);
    onTestFinished(() => rm(keepIn, { force: true }));
    await expect(startLocalDatabase({ keepIn })).rejects.toThrow('is not a folder of this user');
  });
});

it('gives up workers that die at their start, with their exit code', async () => {
  let started = 0;
  const one = () => {
    started += 1;
    return spawn(process.execPath, ['-e', 'process.exit(7)']);
  };
  const workers = startWorkers(one, { count: 1, pauseMs: 1 });
  expect(await workers.failed).toBe(7);
  expect(started).toBe(3);
  await workers.stop();
});

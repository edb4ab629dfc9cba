import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import type { Lease } from '../../../src/disk/lease/holdLease.ts';
import { type LeaseHolder, leaseText, thisProcess } from '../../../src/disk/lease/leaseHolder.ts';
import { type LeaseConfig, takeLease, tryLease } from '../../../src/disk/lease/takeLease.ts';
import { UsageError } from '../../../src/errors.ts';
import { hurried } from '../../helpers/hurried.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const path = () => join(folder(), 'run.lock');
const isLinux = process.platform === 'linux';

async function take(config: LeaseConfig = {}): Promise<Lease> {
  const lease = await lastValueFrom(takeLease(path(), { scheduler: hurried(500), ...config }));
  onTestFinished(() => lease.release());
  return lease;
}
const refuse = ({ pid }: LeaseHolder) => new UsageError(`held by ${pid}`);
/** Writes the lease of another process. */
const leave = (change: Partial<LeaseHolder>, renewals = 0) =>
  writeFile(path(), leaseText({ ...thisProcess('other'), pid: 4_194_304, ...change }, renewals));
const elsewhere = { machine: 'another', host: 'studio' };
const holder = (): LeaseHolder => JSON.parse(readFileSync(path(), 'utf8'));

it('names this process in a file, and deletes the file at the end', async () => {
  const lease = await take();
  expect(holder()).toMatchObject({ pid: process.pid, ended: false });
  lease.check();
  lease.release();
  lease.release();
  expect(readdirSync(folder())).toEqual([]);
});

it('is refused as long as a living process has it, this one too', async () => {
  const lease = await take();
  if (isLinux) await expect(take({ refuse })).rejects.toThrow(`held by ${process.pid}`);
  expect(await lastValueFrom(tryLease(path()))).toBeNull();
  lease.release();
  expect(await take({ refuse })).toBeDefined();
});

it('waits for a living process, and reports it once', async () => {
  const lease = await take();
  const waits: number[] = [];
  const second = take({ onWait: ({ pid }) => waits.push(pid) });
  await expect.poll(() => waits).toEqual([process.pid]);
  lease.release();
  await second;
  expect(waits).toHaveLength(1);
});

it('ends its wait when it is unsubscribed, and then takes nothing', async () => {
  const lease = await take();
  const waits: number[] = [];
  const waiting = takeLease(path(), {
    scheduler: hurried(500),
    onWait: ({ pid }) => waits.push(pid),
  }).subscribe();
  await expect.poll(() => waits.length).toBe(1);
  waiting.unsubscribe();
  lease.release();
  // A look that had begun may still take it, and gives it back.
  await expect.poll(() => readdirSync(folder())).toEqual([]);
});

it('gives back a lease that is unsubscribed while it is taken', async () => {
  let renewalsEnded = 0;
  const repeatEvery = () => () => {
    renewalsEnded += 1;
  };
  takeLease(path(), { repeatEvery }).subscribe().unsubscribe();
  await expect.poll(() => renewalsEnded).toBe(1);
  expect(readdirSync(folder())).toEqual([]);
});

it.each([
  ['a process that does not exist', {}],
  ['a process before the last start of the machine', { bootId: 'earlier', pid: process.pid }],
  ['an earlier process with the same pid', { processStart: '1', pid: process.pid }],
  ['a process that could not delete its file', { ...elsewhere, ended: true }],
])('is taken over at once from %s', async (_who, change) => {
  if (!isLinux) return expect(process.platform).not.toBe('linux');
  await leave(change);
  const looks: number[] = [];
  await take({ refuse, onWait: () => looks.push(1) });
  expect([holder().pid, looks]).toEqual([process.pid, []]);
  expect(readdirSync(folder())).toEqual(['run.lock']);
});

it.each([
  ['on another machine', elsewhere],
  ['in another container', { pidNamespace: 'pid:[1]' }],
  ['in a container of the same name elsewhere', { pidNamespace: 'pid:[1]', bootId: 'another' }],
  ['without a known start of its machine', { bootId: null, processStart: null }],
])('is taken over from a process %s only after it was not renewed for a while', async (_where, change) => {
  if (!isLinux) return expect(process.platform).not.toBe('linux');
  await leave(change);
  const holders: number[] = [];
  const { pid } = holder();
  await take({ refuse, onWait: (other) => holders.push(other.pid) });
  expect(holders).toEqual([pid]);
  expect(holder().pid).toBe(process.pid);
});

it('is refused as soon as a process elsewhere renews it', async () => {
  await leave(elsewhere);
  const onWait = () => void leave(elsewhere, 1);
  await expect(take({ refuse, onWait })).rejects.toThrow('held by 4194304');
});

it('is taken over from a suspended process only if that is wanted', async () => {
  const lease = await take({ repeatEvery: () => () => {} });
  await take({ suspendedAfterMs: 600_000 });
  expect(() => lease.check()).toThrow(expect.objectContaining({ code: 'ERR_LEASE_LOST' }));
  lease.release();
  expect(holder().pid).toBe(process.pid);
});

it('takes over a file that was never completed, once it has had its time', async () => {
  await writeFile(path(), '');
  await take({ refuse });
  expect(holder().pid).toBe(process.pid);
});

it('reports a folder that is missing, or is a file', async () => {
  await rm(folder(), { recursive: true });
  await expect(take()).rejects.toMatchObject({ name: 'StorageError', code: 'ERR_NOT_FOUND' });
  await writeFile(folder(), '');
  await expect(take()).rejects.toMatchObject({ name: 'StorageError', code: 'ERR_NOT_A_FOLDER' });
});

it('is renewed in the background, so that other machines see it change', async () => {
  let renew = () => {};
  await take({
    repeatEvery: (everyMs, action) => {
      expect(everyMs).toBe(5_000);
      renew = action;
      return () => {};
    },
  });
  const before = readFileSync(path(), 'utf8');
  renew();
  await expect.poll(() => readFileSync(path(), 'utf8')).not.toBe(before);
  expect(readFileSync(path(), 'utf8')).toHaveLength(before.length);
});

it('is lost once another process has it, and stays so', async () => {
  const lease = await take();
  await leave(elsewhere);
  expect(() => lease.check()).toThrow('process 4194304 on studio');
  await rm(path());
  expect(() => lease.check()).toThrow('process 4194304 on studio');
  lease.release();
});

it('is lost if its file was deleted, but not with its whole folder', async () => {
  const lease = await take();
  await rm(folder(), { recursive: true });
  lease.check();
  await mkdir(folder());
  expect(() => lease.check()).toThrow(/run\.lock during the run/);
});

it('is free in a folder that was moved away, after its end', async () => {
  const lease = await take();
  const moved = `${folder()}-moved`;
  onTestFinished(() => rm(moved, { recursive: true, force: true }));
  await rename(folder(), moved);
  lease.release();
  await rename(moved, folder());
  expect(existsSync(path())).toBe(true);
  expect(await take({ refuse })).toBeDefined();
});

it('writes nothing into the lease of a process that has taken over', async () => {
  let renew = () => {};
  const lease = await take({
    repeatEvery: (_everyMs, action) => {
      renew = action;
      return () => {};
    },
  });
  await rename(path(), `${path()}.old`);
  await leave(elsewhere);
  const theirs = await readFile(path(), 'utf8');
  renew();
  lease.release();
  expect(await readFile(path(), 'utf8')).toBe(theirs);
});

it('is taken over by one of many that find it stale at the same time', async () => {
  for (let round = 0; round < 20; round += 1) {
    await leave(isLinux ? { token: `dead ${round}` } : { ended: true });
    const takers = Array.from({ length: 8 }, () => tryLease(path(), { repeatEvery: () => () => {} }));
    const taken = await Promise.all(takers.map((taker) => firstValueFrom(taker)));
    const leases = taken.filter((lease) => lease !== null);
    expect(leases).toHaveLength(1);
    for (const lease of leases) lease.release();
  }
  expect(readdirSync(folder())).toEqual([]);
});

it('writes nothing elsewhere for a holder whose token is a path', async () => {
  const inner = join(folder(), 'run');
  await mkdir(join(inner, 'run.lock.after-'), { recursive: true });
  await leave({ ...(isLinux ? {} : { ended: true }), token: '/../../planted' });
  await rename(path(), join(inner, 'run.lock'));
  const taken = takeLease(join(inner, 'run.lock'), {
    repeatEvery: () => () => {},
    scheduler: hurried(1_000),
  });
  (await firstValueFrom(taken)).release();
  expect(readdirSync(folder())).toEqual(['run']);
});

it('passes from process to process, killed ones too', async () => {
  const script = new URL('../../helpers/takeTurns.ts', import.meta.url).pathname;
  const run = async (ending: string) => {
    const child = spawn(process.execPath, [script, folder(), '25', ending], { stdio: 'inherit' });
    return once(child, 'exit');
  };
  const ends = await Promise.all(['released', 'killed', 'released', 'killed'].map(run));
  const killed = isLinux ? [null, 'SIGKILL'] : [1, null];
  expect(ends).toEqual([[0, null], killed, [0, null], killed]);
});

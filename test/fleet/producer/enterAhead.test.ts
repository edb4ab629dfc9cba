import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReplaySubject } from 'rxjs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { endedOutcome } from '../../../bench/fleet/endedOutcome.ts';
import { openDatabase } from '../../../src/fleet/database/connection.ts';
import { packEnded } from '../../../src/fleet/packedOutcomes.ts';
import { unpackPlans } from '../../../src/fleet/packedPlans.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { newDatabase } from '../../helpers/postgres.ts';
import { scriptsInFolder } from '../../helpers/scriptsInFolder.ts';

const patient = { timeout: 20_000, interval: 20 };
const prompts = Array.from({ length: 26 }, (_, n) => `pear ${n}`);
/** No worker makes the images. */
const unmade = { isBooked: false, isWhole: false };

/** True for warnings other than that no worker is alive, which is right here. */
const isOther = (warning: string) => !warning.startsWith('No worker is alive');

/** A run of two parts in a shared folder, whose parts the test ends. */
async function aRun() {
  const scripts = await scriptsInFolder();
  const url = await newDatabase();
  const database = await openDatabase({ url, connections: 1 });
  onTestFinished(() => database.close());
  const start = (outputClosed = new ReplaySubject<void>(1)) =>
    scripts.generate(prompts, `--queue=${url} --shared ${scripts.root}`, { ...unmade, outputClosed });
  /** The same command in a process of its own. */
  const spawned = async () => {
    const input = join(scripts.root, 'prompts.txt');
    await writeFile(input, prompts.join('\n'));
    const { baseUrl, token } = scripts.simulator;
    const flags = [`--queue=${url}`, '--shared', scripts.root, '--out', scripts.folder, '--no-gallery'];
    const env = { ...process.env, REPLICATE_BASE_URL: baseUrl, REPLICATE_API_TOKEN: token };
    const child = spawn(process.execPath, ['pipelines/generate.ts', input, ...flags, '--json'], {
      ...{ env, stdio: 'ignore' },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    return { child, closed: once(child, 'close') };
  };
  const isLoaded = () => vi.waitUntil(() => existsSync(scripts.at('queue.json')), patient);
  const end = async (part: number) => {
    const [row] = await database.query('SELECT plans FROM rx.part WHERE part = $1', [part]);
    const plans = unpackPlans(row?.plans as Buffer);
    const jobs = plans.map((plan) => ({ outcome: endedOutcome(plan), open: null }));
    const set = "UPDATE rx.part SET state = 'done', epoch = 1, outcomes = $2 WHERE part = $1";
    await database.query(set, [part, packEnded(jobs)]);
  };
  const endRun = () => database.query("UPDATE rx.run SET state = 'done', saved = total");
  const entered = async () => {
    const text = await readFile(scripts.at('manifest.jsonl'), 'utf8').catch(() => '');
    return text.split('\n').length - 1;
  };
  const isLooking = async () => {
    const looks = `SELECT FROM pg_stat_activity WHERE datname = current_database()
      AND query LIKE '%live_workers%' AND pid <> pg_backend_pid()`;
    await vi.waitUntil(async () => (await database.query(looks)).length > 0, patient);
  };
  return { scripts, database, start, spawned, isLoaded, isLooking, end, endRun, entered };
}

describeFleet('a command that looks at a run of workers', () => {
  it('enters their outcomes meanwhile, and counts all of them at the end, also those of other commands', async () => {
    const { scripts, start, isLooking, end, endRun, entered } = await aRun();
    const left = new ReplaySubject<void>(1);
    const first = start(left);
    await isLooking();
    await end(1);
    await vi.waitUntil(async () => (await entered()) === 1, patient);
    left.next();
    expect(await first).toMatchObject({ code: 130, outcomes: [] });
    expect(await entered()).toBe(1);

    // A file that a worker writes now.
    const unfinished = scripts.at('0001-pear.webp.rxposure.part');
    await writeFile(unfinished, '');
    const second = start();
    await end(0);
    await vi.waitUntil(async () => (await entered()) === 26, patient);
    expect(existsSync(unfinished)).toBe(true);
    await endRun();
    const done = await second;
    expect(done).toMatchObject({ code: 0, error: null });
    expect(done.warnings.filter(isOther)).toEqual([]);
    expect(done.totals).toMatchObject({ total: 26, saved: 26, alreadySaved: 0, skipped: 0, costUsd: 0.078 });
    expect(done.outcomes.map(({ index }) => index)).toEqual(prompts.map((_, index) => index));
    const report = JSON.parse(await readFile(scripts.at('report.json'), 'utf8'));
    expect(report).toMatchObject({ saved: 26, runs: 1 });
    expect([existsSync(unfinished), existsSync(scripts.at('queue.json'))]).toEqual([false, false]);
    // It is over: now they were saved before.
    expect((await start()).totals).toMatchObject({ saved: 0, alreadySaved: 26 });
  });

  it('ends at once on Ctrl-C, and may be killed: entered outcomes stay', async () => {
    const { scripts, start, spawned, isLoaded, isLooking, end, endRun, entered } = await aRun();
    const first = await spawned();
    await isLooking();
    await end(1);
    await vi.waitUntil(async () => (await entered()) === 1, patient);
    first.child.kill('SIGINT');
    expect(await first.closed).toEqual([130, null]);
    expect(existsSync(scripts.at('run.lock'))).toBe(false);
    const second = await spawned();
    await isLoaded();
    await end(0);
    await vi.waitUntil(async () => (await entered()) === 26, patient);
    second.child.kill('SIGKILL');
    expect(await second.closed).toEqual([null, 'SIGKILL']);
    await endRun();
    const { code, error, totals, outcomes } = await start();
    expect([code, error]).toEqual([0, null]);
    expect(totals).toMatchObject({ saved: 26, alreadySaved: 0, skipped: 0, costUsd: 0.078 });
    expect(outcomes).toHaveLength(26);
  });

  it('keeps the jobs apart that the folder had before, in which others have worked meanwhile', async () => {
    const { scripts, start, isLoaded, isLooking, end, endRun } = await aRun();
    const left = new ReplaySubject<void>(1);
    const first = start(left);
    await isLooking();
    left.next();
    await first;
    await rm(scripts.at('queue.json'));
    expect(await scripts.generate(['another'])).toMatchObject({ code: 0, made: 1 });
    const second = start();
    await isLoaded();
    expect(await readFile(scripts.at('queue.json'), 'utf8')).toContain('"hasOthers": true');
    await end(0);
    await end(1);
    await endRun();
    const done = await second;
    expect(done.totals).toMatchObject({ total: 26, saved: 26, alreadySaved: 0 });
    expect(done.outcomes.map(({ prompt }) => prompt)).toEqual(prompts);
    expect(done.unused.map(({ prompt }) => prompt)).toEqual(['another']);
  });

  it('leaves it to the end if a part cannot be read, and enters all if it can by then', async () => {
    const { scripts, database, start, isLoaded, end, endRun, entered } = await aRun();
    const looking = start();
    await isLoaded();
    await vi.waitUntil(async () => existsSync(scripts.at('run.lock')), patient);
    await end(0);
    await database.query("UPDATE rx.part SET state = 'done', outcomes = 'x' WHERE part = 1");
    await vi.waitUntil(async () => !existsSync(scripts.at('run.lock')), patient);
    await end(1);
    await endRun();
    const { code, warnings, totals } = await looking;
    expect(code).toBe(0);
    expect(warnings.filter(isOther)).toEqual([
      'Results are entered into the folder once all is done: A part of the run in the database cannot be read.',
    ]);
    expect(totals).toMatchObject({ saved: 26, alreadySaved: 0 });
    expect(await entered()).toBe(26);
  });

  it('keeps entered outcomes if the run is forgotten', async () => {
    const { database, start, isLooking, end, entered } = await aRun();
    const looking = start();
    await isLooking();
    await end(0);
    await vi.waitUntil(async () => (await entered()) === 25, patient);
    await database.query('DELETE FROM rx.run');
    expect(String((await looking).error)).toContain('forgotten');
    expect(await entered()).toBe(25);
    expect(String((await start()).error)).toContain('Workers make the images of');
  });

  it('lets one of two commands at once enter them; both see the end', async () => {
    const { scripts, start, spawned, isLoaded, isLooking, end, endRun, entered } = await aRun();
    const first = start();
    await isLooking();
    const second = await spawned();
    await isLoaded();
    await end(1);
    await vi.waitUntil(async () => (await entered()) === 1, patient);
    await end(0);
    await vi.waitUntil(async () => (await entered()) === 26, patient);
    await endRun();
    expect(await first).toMatchObject({ code: 0, error: null, totals: { total: 26 } });
    expect(await second.closed).toEqual([0, null]);
    expect([await entered(), existsSync(scripts.at('run.lock'))]).toEqual([26, false]);
  });

  it('keeps entered outcomes if the run is paused, and enters the rest once it goes on', async () => {
    const { database, start, isLooking, end, endRun, entered } = await aRun();
    const looking = start();
    await isLooking();
    await end(1);
    await vi.waitUntil(async () => (await entered()) === 1, patient);
    await database.query("UPDATE rx.run SET state = 'paused', reason = 'no credit'");
    expect(String((await looking).error)).toContain('The run is paused: no credit');
    await end(0);
    const again = start();
    await vi.waitUntil(async () => (await entered()) === 26, patient);
    await endRun();
    const { code, totals, warnings } = await again;
    expect([code, warnings.filter(isOther)]).toEqual([0, []]);
    expect(totals).toMatchObject({ saved: 26, alreadySaved: 0, skipped: 0 });
  });

  it('continues if its connections are cut', async () => {
    const { database, start, isLooking, end, endRun, entered } = await aRun();
    const cut = () =>
      database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`);
    const looking = start();
    await isLooking();
    await end(1);
    await vi.waitUntil(async () => (await entered()) === 1, patient);
    await cut();
    await end(0);
    await vi.waitUntil(async () => (await entered()) === 26, patient);
    await cut();
    await endRun();
    const { code, totals, warnings } = await looking;
    expect([code, warnings.filter(isOther)]).toEqual([0, []]);
    expect(totals).toMatchObject({ saved: 26, alreadySaved: 0, skipped: 0 });
  });
});

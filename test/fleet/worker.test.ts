import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, ReplaySubject, throwError } from 'rxjs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ProviderError } from '../../src/errors.ts';
import { toTelemetry } from '../../src/events/telemetry/toTelemetry.ts';
import { type Database, openDatabase } from '../../src/fleet/database/connection.ts';
import { migrate } from '../../src/fleet/database/migrate.ts';
import { createFleetEvents, storeEvent } from '../../src/fleet/fleetEvents.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import { createWebhookReceiver } from '../../src/providers/replicate/webhookReceiver.ts';
import { fetchWebhookSecret } from '../../src/providers/replicate/webhookSecret.ts';
import type { PredictionEvent } from '../../src/types.ts';
import { describeFleet } from '../helpers/describeFleet.ts';
import { aLocalWorker } from '../helpers/fleetOfWorkers.ts';
import { memorySdk } from '../helpers/memorySdk.ts';
import { newDatabase } from '../helpers/postgres.ts';
import { scriptsInFolder } from '../helpers/scriptsInFolder.ts';

describeFleet('workers', () => {
  it('make the images of a run with --queue together, which leaves its results as any run does', async () => {
    const url = await newDatabase();
    const scripts = await scriptsInFolder();
    const { root, simulator } = scripts;
    const prompts = Array.from({ length: 60 }, (_, n) => `pear ${n}`);
    const sdk = memorySdk();
    onTestFinished(async () => void (await sdk.close()));
    const listen = () => toTelemetry({ tracer: sdk.tracer, meter: sdk.meter });
    const workers = await Promise.all(
      [1, 2].map(() => aLocalWorker(url, simulator, { shared: root, listen })),
    );
    const alone = '--rate 60000 --rendition tiny=8x8,png';
    const flags = `${alone} --queue=${url} --shared ${root}`;
    const first = await scripts.generate(prompts, flags);
    expect(first).toMatchObject({ code: 0, error: null, made: 60 });
    expect(first.outcomes.map(({ index, status }) => [index, status])).toEqual(
      prompts.map((_, index) => [index, 'saved']),
    );
    const taken = workers.map(({ events }) => events.filter(({ type }) => type === 'part.finished').length);
    expect(taken.reduce((sum, parts) => sum + parts)).toBe(3);
    expect(workers.map((worker) => worker.fault())).toEqual([null, null]);
    const report = JSON.parse(await readFile(join(scripts.folder, 'report.json'), 'utf8'));
    expect(report).toMatchObject({ saved: 60 });
    const jobs = sdk.spans().filter(({ name }) => name === 'rxposure.job');
    expect(jobs.map(({ attributes }) => attributes['rxposure.job.status'])).toEqual(Array(60).fill('saved'));
    // The same command again, with and without workers, makes nothing.
    expect(await scripts.generate(prompts, flags)).toMatchObject({ code: 0, made: 0 });
    expect(await scripts.generate(prompts, alone)).toMatchObject({ code: 0, made: 0 });
  });

  it('give their parts back when they are stopped, and another one makes the rest', async () => {
    const url = await newDatabase();
    const scripts = await scriptsInFolder({ medianMs: 20_000, speed: 100 });
    const { root, simulator } = scripts;
    const prompts = Array.from({ length: 40 }, (_, n) => `plum ${n}`);
    const first = await aLocalWorker(url, simulator, { shared: root });
    const flags = `--rate 60000 --concurrency 4 --queue=${url} --shared ${root}`;
    const running = scripts.generate(prompts, flags);
    await vi.waitUntil(() => simulator.stats().created >= 6, { timeout: 20_000, interval: 20 });
    await first.stop();
    const made = simulator.stats().created;
    expect(made).toBeLessThan(40);
    expect(first.fault()).toBe(null);
    expect(first.events.map(({ type }) => type)).toContain('part.returned');
    await aLocalWorker(url, simulator, { shared: root });
    expect(await running).toMatchObject({ code: 0, made: 40 });
    expect(simulator.stats().maxInFlight).toBeLessThanOrEqual(4);
  });

  it('leave predictions in flight to one other, also if the command is given again before that', async () => {
    const url = await newDatabase();
    const scripts = await scriptsInFolder({ medianMs: 300_000, speed: 100 });
    const { root, simulator } = scripts;
    const prompts = Array.from({ length: 4 }, (_, n) => `fig ${n}`);
    const first = await aLocalWorker(url, simulator, { shared: root, patienceMs: 50 });
    const flags = `--rate 60000 --concurrency 4 --queue=${url} --shared ${root}`;
    const left = new ReplaySubject<void>(1);
    const away = { outputClosed: left, isBooked: false, isWhole: false };
    const running = scripts.generate(prompts, flags, away);
    await vi.waitUntil(() => simulator.stats().created === 4, { timeout: 20_000, interval: 20 });
    const stoppedMs = performance.now();
    await first.stop();
    expect(performance.now() - stoppedMs).toBeLessThan(2_500);
    expect(first.events.map(({ type }) => type)).toEqual(['part.taken', 'part.returned']);
    left.next();
    expect(await running).toMatchObject({ code: 130 });
    const again = scripts.generate(prompts, flags);
    const database = await openDatabase({ url, connections: 1 });
    onTestFinished(() => database.close());
    const tasks = () => database.query("SELECT name FROM pgboss.job WHERE state < 'completed'");
    // It looks at the run, so it has sent waiting tasks.
    const looks = `SELECT FROM pg_stat_activity WHERE datname = current_database()
      AND query LIKE '%live_workers%' AND pid <> pg_backend_pid()`;
    await vi.waitUntil(async () => (await database.query(looks)).length > 0, { timeout: 20_000 });
    expect(await tasks()).toEqual([{ name: 'rescue' }]);
    const workers = await Promise.all([1, 2].map(() => aLocalWorker(url, simulator, { shared: root })));
    expect(await again).toMatchObject({ code: 0, made: 0 });
    expect(simulator.stats().created).toBe(4);
    const events = workers.flatMap((worker) => worker.events.map(({ type }) => type));
    expect(events).toEqual(['part.taken', 'part.finished']);
    expect(await tasks()).toEqual([]);
  });

  it('have the folder for themselves until all is done', async () => {
    const url = await newDatabase();
    const scripts = await scriptsInFolder();
    const { root, simulator } = scripts;
    const queue = `--queue=${url} --shared ${root}`;
    const left = new ReplaySubject<void>(1);
    const looked = scripts.generate(['a'], queue, { outputClosed: left, isBooked: false, isWhole: false });
    await vi.waitUntil(() => existsSync(scripts.at('queue.json')), { timeout: 20_000, interval: 20 });
    left.next();
    expect(await looked).toMatchObject({ code: 130, made: 0 });
    const alone = await scripts.generate(['a']);
    expect(String(alone.error)).toContain('Workers make the images of');
    await aLocalWorker(url, simulator, { shared: root });
    expect(await scripts.generate(['a'], queue)).toMatchObject({ code: 0, made: 1 });
    expect(existsSync(scripts.at('queue.json'))).toBe(false);
    // Another input is another run.
    const other = await scripts.generate(['b'], queue);
    expect(String(other.error)).toContain('another input');
    expect(existsSync(scripts.at('queue.json'))).toBe(false);
  });

  it('have it once the database knows the run: a command that failed before may be given again', async () => {
    const url = await newDatabase();
    const scripts = await scriptsInFolder();
    const { root, simulator } = scripts;
    const database = await openDatabase({ url });
    onTestFinished(() => database.close());
    await migrate(database);
    const queue = `--queue=${url} --shared ${root}`;
    await database.query('ALTER TABLE rx.run ADD CONSTRAINT full_disk CHECK (false) NOT VALID');
    const failed = await scripts.generate(['a'], queue, { isWhole: false });
    expect(String(failed.error)).toContain('full_disk');
    await database.query('ALTER TABLE rx.run DROP CONSTRAINT full_disk');
    await aLocalWorker(url, simulator, { shared: root });
    expect(await scripts.generate(['a'], queue)).toMatchObject({ code: 0, made: 1 });
  });

  it('leave the files of the next owner alone when they wake up late', async () => {
    const url = await newDatabase();
    const database = await openDatabase({ url, connections: 2 });
    onTestFinished(() => database.close());
    let takeOver = async (_id: string) => {};
    const scripts = await scriptsInFolder({
      faults: {
        onFile: ({ id }) => {
          void takeOver(id);
          return { type: 'slow', durationMs: 1_500 };
        },
      },
    });
    const { root, simulator } = scripts;
    const left = new ReplaySubject<void>(1);
    const flags = `--queue=${url} --shared ${root}`;
    const path = scripts.at('0001-a.webp');
    const takenOver = new Promise<void>((resolve) => {
      takeOver = async (id) => {
        const isNoted = "SELECT FROM rx.job WHERE state = 'created' AND prediction_id = $1";
        await vi.waitUntil(async () => (await database.query(isNoted, [id])).length > 0, { timeout: 10_000 });
        await database.query("SELECT rx_v1.take(run, part, 'next', true) FROM rx.part");
        await writeFile(path, `dc:identifier="urn:rxposure:prediction:${id}"`);
        resolve();
      };
    });
    const looked = scripts.generate(['a'], flags, { outputClosed: left, isBooked: false, isWhole: false });
    const late = await aLocalWorker(url, simulator, { shared: root });
    await takenOver;
    const written = await readFile(path, 'utf8');
    await vi.waitUntil(() => late.events.some(({ type }) => type === 'part.lost'), { timeout: 10_000 });
    expect(await readFile(path, 'utf8')).toBe(written);
    left.next();
    await looked;
  });

  it('leave a failed job so that one machine fetches its image, and does not pay for it again', async () => {
    const url = await newDatabase();
    let isBroken = true;
    const scripts = await scriptsInFolder({
      faults: { onFile: () => (isBroken ? { type: 'answer', status: 404, body: '' } : null) },
    });
    const { root, simulator } = scripts;
    const worker = await aLocalWorker(url, simulator, { shared: root });
    const queued = await scripts.generate(['a'], `--queue=${url} --shared ${root}`, { isBooked: false });
    expect(queued).toMatchObject({ code: 1, made: 1 });
    expect(queued.outcomes.map(({ status }) => status)).toEqual(['failed']);
    await worker.stop();
    isBroken = false;
    expect(await scripts.retryFailed()).toMatchObject({ code: 0, made: 0 });
  });

  it('pause a run with a part that they cannot read, and outlast a cut before they know it', async () => {
    const url = await newDatabase();
    const scripts = await scriptsInFolder();
    const { root, simulator } = scripts;
    const database = await openDatabase({ url });
    onTestFinished(() => database.close());
    await migrate(database);
    // The first question of a worker about its run finds the connection cut.
    let cuts = 0;
    const cutOnce: Database = {
      ...database,
      query: (sql, values) => {
        if (!sql.includes('SELECT settings') || cuts > 0) return database.query(sql, values);
        cuts += 1;
        return Promise.reject(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
      },
    };
    await database.query(`
      CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN NEW.plans := 'none'; RETURN NEW; END $$;
      CREATE TRIGGER spoil BEFORE INSERT ON rx.part FOR EACH ROW EXECUTE FUNCTION spoil()`);
    const worker = await aLocalWorker(url, simulator, { shared: root, database: cutOnce });
    const run = await scripts.generate(['a'], `--queue=${url} --shared ${root}`, { isWhole: false });
    expect(String(run.error)).toContain('Part 1 of the run cannot be read');
    expect(cuts).toBe(1);
    expect(worker.fault()).toBe(null);
    await expect.poll(() => worker.events.map(({ type }) => type)).toEqual(['run.paused', 'part.returned']);
  });

  it('pause a run without credit while most of its jobs wait for a slot, and hold no slot then', async () => {
    const url = await newDatabase();
    const scripts = await scriptsInFolder();
    const { root, simulator } = scripts;
    const database = await openDatabase({ url });
    onTestFinished(() => database.close());
    const provider = createReplicateProvider({ ...simulator, listIsCurrent: true });
    let hasCredit = false;
    const noCredit = new ProviderError('ERR_NO_CREDIT', 'no credit', {
      ...{ status: 402, stopsRun: true, tookEffect: 'no' },
    });
    const createPrediction: typeof provider.createPrediction = (...asked) =>
      hasCredit ? provider.createPrediction(...asked) : throwError(() => noCredit);
    await aLocalWorker(url, simulator, { shared: root, provider: { ...provider, createPrediction } });
    const prompts = Array.from({ length: 10 }, (_, n) => `fig ${n}`);
    const flags = `--rate 60000 --concurrency 2 --queue=${url} --shared ${root}`;
    const refused = await scripts.generate(prompts, flags, { isWhole: false });
    expect(String(refused.error)).toContain('The run is paused: no credit');
    await expect.poll(() => database.query('SELECT FROM rx.flight')).toEqual([]);
    await expect.poll(() => database.query("SELECT FROM rx.part WHERE state = 'taken'")).toEqual([]);
    hasCredit = true;
    expect(await scripts.generate(prompts, flags)).toMatchObject({ code: 0, error: null, made: 10 });
  });

  it.each([
    ['--strategy queue', 'no common order'],
    ['--concurrency auto', 'give a number'],
    ['--detach', 'follow the predictions that they create'],
    ['--webhook-url https://hooks.example --webhook-port 80', 'which has `--port`'],
    ['--to webdataset', 'one writer'],
  ])('refuse %s before anything is created', async (flag, reason) => {
    const scripts = await scriptsInFolder();
    const run = await scripts.generate(
      ['a'],
      `${flag} --queue=postgres://nobody@127.0.0.1:1/none --shared ${scripts.root}`,
    );
    expect(run).toMatchObject({ code: null, made: 0 });
    expect(String(run.error)).toContain(reason);
    expect(existsSync(scripts.folder)).toBe(false);
  });

  it('learn the ends of predictions from the webhooks that another process has received', async () => {
    const url = await newDatabase();
    const database = await openDatabase({ url });
    onTestFinished(() => database.close());
    await migrate(database);
    const scripts = await scriptsInFolder();
    const { root, simulator } = scripts;
    const webhookEvents = createFleetEvents({ database, url, name: 'test' });
    const heard = new Set<string>();
    const listening = webhookEvents.subscribe(({ prediction }) => heard.add(prediction.id));
    onTestFinished(() => listening.unsubscribe());
    await aLocalWorker(url, simulator, { shared: root, webhookEvents });
    const secret = await lastValueFrom(fetchWebhookSecret(simulator));
    const stored = new Set<string>();
    const store = async (event: PredictionEvent) => {
      await storeEvent(database, event);
      stored.add(event.prediction.id);
    };
    const received = await new Promise<string>((resolve, reject) => {
      const receiving = createWebhookReceiver({ secret, store }).subscribe({
        next: (receiver) => resolve(receiver.url),
        error: reject,
      });
      onTestFinished(() => receiving.unsubscribe());
    });
    const prompts = Array.from({ length: 30 }, (_, n) => `plum ${n}`);
    const flags = `--rate 60000 --queue=${url} --shared ${root} --follow webhook --webhook-url ${received}`;
    expect(await scripts.generate(prompts, flags)).toMatchObject({ code: 0, error: null, made: 30 });
    await expect.poll(() => heard.size).toBe(30);
    expect(stored).toEqual(heard);
  });
});

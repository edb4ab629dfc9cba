import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, map } from 'rxjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { enterBucket } from '../../../src/fleet/bucket/enterBucket.ts';
import type { Database } from '../../../src/fleet/database/connection.ts';
import { bringFiles } from '../../../src/fleet/producer/bucketFiles.ts';
import type { Provider } from '../../../src/ports.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { openBucket } from '../../../src/sinks/destinations/s3Bucket.ts';
import type { Outcome } from '../../../src/types.ts';
import { aPartOverBucket, type PartOverBucket, type PartWorker } from '../../helpers/bucketOfFleet.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { fleetDatabase } from '../../helpers/postgres.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

describeFleet('a worker over a bucket that dies', () => {
  const folder = temporaryFolder();
  let database: Database;
  beforeAll(async () => {
    database = await fleetDatabase();
  });
  afterAll(() => database.close());

  it.each([
    ['when the original is in the bucket, before that is on record', { stored: 1 }, 2],
    ['when the original is on record, before a rendition', { asked: 2 }, 1],
    ['between two deliveries', { stored: 2 }, 1],
    ['before the sidecar', { asked: 4 }, 1],
    ['when all is delivered, before that is on record', { stored: 4 }, 1],
  ])('%s: nothing is paid twice, and the bucket matches the outcome', async (_when, moment, fetches) => {
    const blow = createBlow(moment);
    const part = await aPartOverBucket(database, blow.hooks);
    const first = part.worker();
    blow.aim(first);
    await first.over;
    expect(blow.hasStruck()).toBe(true);
    const second = part.worker({ isRescue: true });
    await second.over;
    expect(second.events.map(({ type }) => type)).toEqual(['part.taken', 'part.finished']);
    await expectTrue(part);
    expect(part.simulator.stats().created).toBe(1);
    // Files in the bucket are not fetched from the service again.
    expect(part.fetched()).toBe(fetches);
  });

  it.each([
    [true, 'part.finished', 2],
    [false, 'part.returned', 0],
  ])(
    'before its jobs were begun: who takes it over makes them with free hands (%s)',
    async (hasHands, end, made) => {
      const part = await aPartOverBucket(database, {}, ['pear', 'plum']);
      const second = part.worker({ isRescue: true, hasHands });
      await second.over;
      expect(second.events.map(({ type }) => type)).toEqual(['part.taken', end]);
      expect(part.simulator.stats().created).toBe(made);
    },
  );

  it('and was only thought dead: its late deliveries change nothing', async () => {
    let release = () => {};
    const isReleased = new Promise<void>((resolve) => {
      release = resolve;
    });
    let puts = 0;
    const part = await aPartOverBucket(database, {
      refuse: async (method, key) => {
        if (method !== 'PUT' || isMark(key)) return null;
        puts += 1;
        // The first rendition of the first worker.
        if (puts === 2) await isReleased;
        return null;
      },
    });
    const first = part.worker();
    await expect.poll(() => puts, { interval: 5 }).toBe(2);
    const second = part.worker({ isRescue: true });
    await second.over;
    const before = await part.bucket.keys();
    release();
    await first.over;
    expect(first.events.at(-1)?.type).toBe('part.lost');
    expect(await part.bucket.keys()).toEqual(before);
    await expectTrue(part);
    expect(part.simulator.stats().created).toBe(1);
  });

  it('after an original that the next one would write differently: that of the bucket counts', async () => {
    const blow = createBlow({ stored: 1 });
    const part = await aPartOverBucket(database, blow.hooks);
    const first = part.worker();
    blow.aim(first);
    await first.over;
    const [path = ''] = (await part.bucket.keys()).filter((key) => !isMark(key));
    const { bytes } = await part.bucket.read(path);
    await part.worker({ isRescue: true, provider: withAnotherEnd(part) }).over;
    expect((await part.bucket.read(path)).bytes.equals(bytes)).toBe(true);
    await expectTrue(part);
  });

  it('after a rendition that the next one encodes differently: that of the bucket counts', async () => {
    const blow = createBlow({ stored: 2 });
    const part = await aPartOverBucket(database, blow.hooks);
    const first = part.worker();
    blow.aim(first);
    await first.over;
    const path = blow.key();
    const bytes = Buffer.from('as another encoder writes it');
    const [{ prediction_id: origin }] = (await database.query(
      'SELECT prediction_id FROM rx.job ORDER BY run DESC LIMIT 1',
    )) as [{ prediction_id: string }];
    await part.bucket.write(path, bytes, { origin, sha256: sha256(bytes) });
    await part.worker({ isRescue: true }).over;
    const outcome = await expectTrue(part);
    expect(outcome.files.find((file) => `night/${file.path}` === path)?.sha256).toBe(sha256(bytes));
  });

  it('again and again on one image leaves its original in the bucket, and the producer fetches it', async () => {
    const blow = createBlow({ asked: 2 });
    const part = await aPartOverBucket(database, blow.hooks);
    const first = part.worker();
    blow.aim(first);
    await first.over;
    await database.query(
      'UPDATE rx.part SET deaths = 5, suspect = 0, last_suspect = 0, suspect_deaths = 2 WHERE run = (SELECT max(id) FROM rx.run)',
    );
    await part.worker({ isRescue: true }).over;
    const [job] = await part.ended();
    expect(job?.outcome).toMatchObject({ status: 'failed', error: { code: 'ERR_WORKER_DIED' } });
    const bucket = await openBucket('s3://pictures/night');
    await lastValueFrom(
      bringFiles(job === undefined ? [] : [job], {
        bucket,
        folder: folder(),
        thumbnails: null,
        sidecars: true,
      }),
      {
        defaultValue: null,
      },
    );
    bucket.close();
    const [path = ''] = (await part.bucket.keys()).filter((key) => !isMark(key));
    const local = await readFile(join(folder(), path.slice('night/'.length)));
    expect(local.equals((await part.bucket.read(path)).bytes)).toBe(true);
  });

  it.each([
    ['an original', /night\/plum\.\w+$/],
    ['a rendition', /night\/plum--b/],
    ['a sidecar', /night\/plum\.json/],
  ])('leaves a job to others if the bucket refuses %s: it is not paid again', async (_what, refused) => {
    let isRefusing = true;
    const refuse = (method: string, key: string) =>
      isRefusing && method === 'PUT' && refused.test(key) ? 403 : null;
    const part = await aPartOverBucket(database, { refuse }, ['pear', 'plum']);
    const first = part.worker();
    await first.over;
    expect(first.events.at(-1)).toMatchObject({
      type: 'part.returned',
      reason: expect.stringMatching(/The bucket refuses s3:\/\/pictures\/night\/plum.* Check/),
    });
    // The other one is done.
    const rows = await database.query(
      'SELECT outcome IS NOT NULL AS done FROM rx.job WHERE run = (SELECT max(id) FROM rx.run) ORDER BY job_index',
    );
    expect(rows).toEqual([{ done: true }, { done: false }]);
    isRefusing = false;
    await part.worker({ isRescue: true }).over;
    await expectTrue(part);
    expect((await part.ended()).map(({ outcome }) => outcome.status)).toEqual(['saved', 'saved']);
    expect(part.simulator.stats().created).toBe(2);
  });

  it('leaves a job to others if the bucket does not give its original', async () => {
    const blow = createBlow({ asked: 2 });
    let isRefusing = false;
    const part = await aPartOverBucket(database, {
      ...blow.hooks,
      refuse: (method, key) =>
        isRefusing && method === 'GET' && !isMark(key) ? 403 : blow.hooks.refuse(method, key),
    });
    const first = part.worker();
    blow.aim(first);
    await first.over;
    isRefusing = true;
    const second = part.worker({ isRescue: true });
    await second.over;
    expect(second.events.at(-1)).toMatchObject({ type: 'part.returned' });
    isRefusing = false;
    await part.worker({ isRescue: true }).over;
    await expectTrue(part);
    expect([part.simulator.stats().created, part.fetched()]).toEqual([1, 1]);
  });

  it('replaces no object of another program: the job fails, and its error names the object', async () => {
    const part = await aPartOverBucket(database);
    await part.bucket.write('night/pear.png', Buffer.from('mine'));
    await part.bucket.write('night/pear.webp', Buffer.from('mine'));
    await part.bucket.write('night/pear.jpg', Buffer.from('mine'));
    await part.worker().over;
    const [job] = await part.ended();
    expect(job?.outcome).toMatchObject({
      status: 'failed',
      files: [],
      error: { code: 'ERR_DELIVERY_FAILED' },
    });
    expect(job?.outcome.error?.message).toContain('exists with another content');
    // Its prediction is known, so that one machine can fetch it.
    expect(job?.open?.prediction_id).toBe(job?.outcome.predictionId);
    expect((await part.bucket.read('night/pear.png')).bytes.toString()).toBe('mine');
  });

  it('is no worker of another store: the mark of the run is missing there', async () => {
    const part = await aPartOverBucket(database);
    const place = { url: 's3://pictures/other', claim: 'c' };
    await expect(enterBucket(place)).rejects.toThrow('s3://pictures/other/queue.json is missing');
    await expect(enterBucket({ url: 's3://pictures/night', claim: 'c' })).rejects.toThrow('another run');
    expect(part.simulator.stats().created).toBe(0);
  });
});

const isMark = (key: string) => key.endsWith('queue.json');
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Kills a worker at the nth object: when it is stored, or asked for. */
function createBlow({ stored = 0, asked = 0 }: { stored?: number; asked?: number }) {
  let puts = 0;
  let dones = 0;
  let target: PartWorker | null = null;
  let key = '';
  const strike = (struck: string) => {
    key = struck;
    target?.kill();
    target = null;
  };
  return {
    aim: (worker: PartWorker) => {
      target = worker;
    },
    hasStruck: () => key !== '',
    key: () => key,
    hooks: {
      refuse: (method: string, name: string) => {
        if (method !== 'PUT' || isMark(name)) return null;
        puts += 1;
        if (puts !== asked) return null;
        strike(name);
        return 503;
      },
      onStored: (name: string) => {
        if (isMark(name)) return;
        dones += 1;
        if (dones === stored) strike(name);
      },
    },
  };
}

/** A provider that knows another end of predictions, so that their provenance differs. */
function withAnotherEnd({ simulator }: PartOverBucket): Provider {
  const provider = createReplicateProvider({ ...simulator, listIsCurrent: true });
  const getPrediction: Provider['getPrediction'] = (id) =>
    provider.getPrediction(id).pipe(map((one) => ({ ...one, completedAt: '2031-01-01T00:00:00.000Z' })));
  return { ...provider, getPrediction };
}

/** Expects a saved job, whose outcome and sidecar match each file in the bucket. */
async function expectTrue({ ended, bucket }: PartOverBucket): Promise<Outcome> {
  const [job] = await ended();
  if (job === undefined) throw new Error('Expected a job');
  const { outcome } = job;
  expect(outcome.error).toBeUndefined();
  expect(outcome.files.map(({ name }) => name)).toEqual(['original', 'a', 'b']);
  for (const { path, bytes, sha256: hash } of outcome.files) {
    const there = await bucket.read(`night/${path}`);
    expect([path, there.bytes.length, sha256(there.bytes)]).toEqual([path, bytes, hash]);
  }
  const sidecar = JSON.parse((await bucket.read('night/pear.json')).bytes.toString());
  expect(sidecar.files).toEqual(outcome.files);
  expect(outcome.deliveredTo).toEqual({
    's3://pictures/night': outcome.files.map(({ path }) => `s3://pictures/night/${path}`),
  });
  return outcome;
}

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { Outcome } from '../../../src/types.ts';
import { theBucket } from '../../helpers/bucketOfFleet.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { aLocalWorker } from '../../helpers/fleetOfWorkers.ts';
import { newDatabase } from '../../helpers/postgres.ts';
import { scriptsInFolder } from '../../helpers/scriptsInFolder.ts';

/** The images are in the bucket, and not in the folder. */
const elsewhere = { isWhole: false };

describeFleet('workers over a bucket', () => {
  it('make the same images as one machine', async () => {
    const bucket = await theBucket();
    const url = await newDatabase();
    const scripts = await scriptsInFolder();
    const { root, simulator } = scripts;
    const prompts = Array.from({ length: 26 }, (_, n) => `pear ${n}`);
    const scratches = [join(root, 'scratch-1'), join(root, 'scratch-2')];
    const workers = await Promise.all(scratches.map((scratch) => aLocalWorker(url, simulator, { scratch })));
    const how = '--rate 60000 --no-provenance --rendition tiny=8x8,png';
    const flags = `${how} --queue=${url} --to s3://pictures/night?sse=AES256 --delete-local`;
    const queued = await scripts.generate(prompts, flags, elsewhere);
    expect(queued).toMatchObject({ code: 0, error: null, made: 26, warnings: [] });
    expect(workers.map((worker) => worker.fault())).toEqual([null, null]);
    const paths = queued.outcomes.flatMap(({ files }) => files.map(({ path }) => `night/${path}`));
    const sidecars = queued.outcomes.map(({ files }) => `night/${files[0]?.path.replace(/\.\w+$/, '.json')}`);
    expect(await bucket.keys()).toEqual([...paths, ...sidecars, 'night/queue.json'].sort());
    const local = (name: string) => scripts.at(name.slice('night/'.length));
    expect(paths.some((path) => existsSync(local(path)))).toBe(false);
    expect(sidecars.every((path) => existsSync(local(path)))).toBe(true);
    await expect.poll(async () => (await Promise.all(scratches.map(filesBelow))).flat()).toEqual([]);
    // The same command makes nothing; nor does one machine that continues from there.
    expect(await scripts.generate(prompts, flags, elsewhere)).toMatchObject({ code: 0, made: 0 });
    const alone = `${how} --to s3://pictures/night --delete-local`;
    expect(await scripts.generate(prompts, alone, elsewhere)).toMatchObject({ code: 0, made: 0 });

    scripts.move({ folder: join(root, 'alone') });
    const own = { isWhole: false, isBooked: false };
    const single = await scripts.generate(prompts, alone.replace('night', 'alone'), own);
    expect(single).toMatchObject({ code: 0, made: 26 });
    expect(timeless(queued.outcomes, 'pictures/night')).toEqual(timeless(single.outcomes, 'pictures/alone'));
  });

  it('leave thumbnails for the gallery beside the images, and the folder gets them', async () => {
    const bucket = await theBucket();
    const url = await newDatabase();
    const scripts = await scriptsInFolder({ render: 'full' });
    const { root, simulator } = scripts;
    await aLocalWorker(url, simulator, { scratch: join(root, 'scratch') });
    const flags = `--gallery --queue=${url} --to s3://pictures --rendition tiny=8x8,png`;
    const queued = await scripts.generate(['pear', 'plum'], flags, elsewhere);
    expect(queued).toMatchObject({ code: 0, error: null, made: 2, warnings: [] });
    const thumbs = (await bucket.keys()).filter((key) => key.startsWith('.thumbs/'));
    expect(thumbs).toHaveLength(2);
    const own = await readdir(scripts.at('.thumbs'));
    expect(own.map((name) => `.thumbs/${name}`).sort()).toEqual(thumbs);
    const gallery = await readFile(scripts.at('gallery.html'), 'utf8');
    expect(thumbs.every((path) => gallery.includes(path))).toBe(true);
    expect(existsSync(scripts.at('contact-sheet.jpg'))).toBe(true);
  });

  it('are not needed to see that a bucket cannot be had: nothing is created', async () => {
    const bucket = await theBucket({ knowsConditions: false });
    const url = await newDatabase();
    const scripts = await scriptsInFolder();
    const tryWith = async (to: string) =>
      String((await scripts.generate(['a'], `--queue=${url} ${to}`)).error);
    expect(await tryWith('')).toContain('a folder or a bucket');
    expect(await tryWith('--to s3://pictures/a --to s3://pictures/b')).toContain('Expected one `--to`');
    expect(await tryWith('--to s3://pictures/a --cache cache')).toContain('not shared between machines');
    expect(await tryWith('--to s3://nowhere/a')).toContain('s3://nowhere/a cannot be used');
    expect(await tryWith('--to s3://pictures/a')).toContain('ignores `If-None-Match: *`');
    await bucket.write('b/queue.json', Buffer.from('{ "claim": "of another" }'));
    expect(await tryWith('--to s3://pictures/b')).toContain('has images of another run');
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    expect(await tryWith('--to s3://pictures/c')).toContain('s3://pictures/c cannot be used');
    expect(scripts.simulator.stats().created).toBe(0);
  });

  it('leave a bucket without credentials to others, and report it', async () => {
    await theBucket();
    const url = await newDatabase();
    const scripts = await scriptsInFolder();
    const { root, simulator } = scripts;
    const running = scripts.generate(['a'], `--queue=${url} --to s3://pictures/night`, elsewhere);
    await vi.waitUntil(() => existsSync(scripts.at('queue.json')), { timeout: 20_000, interval: 20 });
    const keys = process.env.AWS_ACCESS_KEY_ID;
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const poor = await aLocalWorker(url, simulator, { scratch: join(root, 'poor') });
    await vi.waitUntil(() => poor.events.length > 0, { timeout: 20_000, interval: 20 });
    expect(poor.events).toEqual([
      { type: 'part.returned', run: 1, part: 0, reason: expect.stringContaining('AWS_ACCESS_KEY_ID') },
    ]);
    await poor.stop();
    vi.stubEnv('AWS_ACCESS_KEY_ID', keys);
    await dueNow(url);
    await aLocalWorker(url, simulator, { scratch: join(root, 'rich') });
    expect(await running).toMatchObject({ code: 0, made: 1 });
  });
});

/** Lets the tasks that wait for their time be taken now. */
async function dueNow(url: string): Promise<void> {
  const { openDatabase } = await import('../../../src/fleet/database/connection.ts');
  const database = await openDatabase({ url, connections: 1 });
  await database.query("UPDATE pgboss.job SET start_after = now() WHERE state = 'created'");
  await database.close();
}

/** Outcomes without the fields that differ from run to run. */
function timeless(outcomes: readonly Outcome[], prefix: string) {
  return outcomes.map(
    ({ predictionId: _id, createdAt: _created, completedAt: _done, metrics: _metrics, ...outcome }) =>
      JSON.parse(JSON.stringify(outcome).replaceAll(prefix, 'pictures/it')),
  );
}

async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return found.filter((entry) => entry.isFile()).map(({ name }) => name);
}

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { from, lastValueFrom, map, of, toArray } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Downloaded, type Failed, failItem, type Rendered } from '../../../src/base/items/item.ts';
import { hashFile } from '../../../src/disk/hashFile.ts';
import { BudgetError, PredictionError, UsageError } from '../../../src/errors.ts';
import type { Destination } from '../../../src/ports.ts';
import { manifestOutcomes } from '../../../src/sinks/manifest/manifest.ts';
import { toDestination } from '../../../src/sinks/stages/toDestination.ts';
import { toFolder } from '../../../src/sinks/stages/toFolder.ts';
import { toGallery } from '../../../src/sinks/stages/toGallery.ts';
import { toManifest } from '../../../src/sinks/stages/toManifest.ts';
import { toOutcome } from '../../../src/sinks/stages/toOutcome.ts';
import { toReport } from '../../../src/sinks/stages/toReport.ts';
import { toS3 } from '../../../src/sinks/stages/toS3.ts';
import { toSidecars } from '../../../src/sinks/stages/toSidecars.ts';
import { toWebDataset } from '../../../src/sinks/stages/toWebDataset.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { collect } from '../../helpers/collect.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';
import { madeOf } from '../../helpers/oneItem.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';
import { aBucket, credentials } from '../destinations/aBucket.ts';

const root = temporaryFolder();
const json = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

/** A saved outcome with one file on disk, and a failed one. */
async function inFolder(folder: string): Promise<readonly [saved: Outcome, failed: Outcome]> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'a.png');
  await writeFile(path, 'an image');
  const file = { role: 'original', name: 'original', path: 'a.png', width: 8, height: 8 } as const;
  const files = [{ ...file, format: 'png', bytes: 8, sha256: await hashFile(path) }];
  return [
    anOutcome({ index: 0, files }),
    anOutcome({ index: 1, status: 'failed', files: [], costUsd: 0, predictionId: null }),
  ];
}

describe('toOutcome', () => {
  const image = { bytes: 1, sha256: '00', format: 'png', widthPx: 8, heightPx: 8 };
  const rendered = (fields: Partial<Rendered> = {}): Rendered => {
    const original = { ...image, path: '/run/a.png' };
    const made = madeOf(aPrediction({ createdAt: '2026-01-01T00:00:00Z' }));
    return { ...made, files: [original], images: [{ original, renditions: [] }], ...fields };
  };
  const outcomeOf = (item: Rendered | Failed, fields = {}) =>
    lastValueFrom(of(item).pipe(toOutcome({ folder: '/run', ...fields })));

  it('has the data of the request, the prediction and the files', async () => {
    const outcome = await outcomeOf(rendered({ index: 7 }), { service: 'simulator' });
    expect(outcome).toMatchObject({
      index: 7,
      status: 'saved',
      prompt: 'a cat',
      predictionId: 'p1',
      files: [{ role: 'original', path: 'a.png', width: 8 }],
      costUsd: 0.000003,
      service: 'simulator',
      createdAt: '2026-01-01T00:00:00Z',
      provenance: 'none',
    });
    expect(outcome.key).toMatch(/^[0-9a-f]{64}$/);
  });

  it('has key, prompt, tags and expected price of a plan', async () => {
    const { request } = madeOf(aPrediction());
    const plan = { ...request, key: 'k', prompt: 'a dog', tags: { for: 'web' }, priceMicroUsd: 5 };
    const { answers } = fakeProvider({});
    const unknown = { ...answers, costOf: () => null };
    expect(await outcomeOf(rendered({ request: plan, answers: unknown }))).toMatchObject({
      key: 'k',
      prompt: 'a dog',
      tags: { for: 'web' },
      costUsd: 0.000005,
      estimatedUsd: 0.000005,
    });
  });

  it('has the error, the stage and the cost of an item that has failed, or was skipped', async () => {
    const prediction = aPrediction();
    const error = new PredictionError('ERR_SAFETY', 'no', { predictionId: 'p1' });
    const failed = failItem(rendered(), error, { stage: 'polling', prediction, costMicroUsd: 3_000 });
    expect(await outcomeOf(failed)).toMatchObject({
      status: 'failed',
      files: [],
      costUsd: 0.003,
      predictionId: 'p1',
      error: { code: 'ERR_SAFETY', stage: 'polling' },
    });
    const none = { stage: 'creation', prediction: null, costMicroUsd: 0 } as const;
    const skipped = await outcomeOf(failItem(rendered(), new BudgetError('no room'), none));
    expect(skipped).toMatchObject({ status: 'skipped', attempts: 0, error: { code: 'ERR_OVER_BUDGET' } });
    expect(skipped.error).not.toHaveProperty('stage');
  });
});

it(
  'turns each item into its outcome when it comes',
  marbles(({ cold, expectObservable }) => {
    const error = new PredictionError('ERR_SAFETY', 'no', { predictionId: 'p1' });
    const made = { ...madeOf(aPrediction()), files: [] };
    const failed = failItem(made, error, { stage: 'polling', prediction: null, costMicroUsd: 0 });
    const items: Record<'a' | 'f' | 'b', Downloaded | Failed> = { a: made, f: failed, b: made };
    const states = cold('a-f-b|', items).pipe(
      toOutcome({ folder: '/run' }),
      map(({ status }) => status),
    );
    expectObservable(states).toBe('s-f-s|', { s: 'saved', f: 'failed' });
  }),
);

it(
  'delivers saved outcomes to a destination, and passes the others',
  marbles(({ cold, expectObservable }) => {
    const outcomes = { s: anOutcome(), f: anOutcome({ index: 1, status: 'failed' }) };
    const destination: Destination = {
      name: 'own',
      concurrency: 1,
      deliver: () => cold('----(a|)', { a: ['own/a.png'] }),
      close: async () => {},
    };
    const delivered = cold('(sf|)', outcomes).pipe(toDestination('own', () => of(destination)));
    const values = { ...outcomes, s: { ...outcomes.s, deliveredTo: { own: ['own/a.png'] } } };
    expectObservable(delivered).toBe('f---s', values);
  }),
);

it('writes sidecars, manifest, report and gallery of all outcomes, and emits them unchanged', async () => {
  const folder = root();
  const outcomes = await inFolder(folder);
  const passed = await lastValueFrom(
    from(outcomes).pipe(
      toSidecars(folder),
      toManifest(folder),
      toReport(folder),
      toGallery(folder),
      toArray(),
    ),
  );
  expect(passed.toSorted((a, b) => a.index - b.index)).toEqual(outcomes);
  expect(await json(join(folder, 'a.json'))).toMatchObject({ index: 0, status: 'saved' });
  const { run, outcomes: stored } = await json(join(folder, 'manifest.json'));
  expect(run).toMatchObject({ total: 2, saved: 1, failed: 1, costUsd: 0.003 });
  expect(stored).toEqual(outcomes);
  expect(await json(join(folder, 'report.json'))).toMatchObject({ total: 2, saved: 1, failed: 1 });
  expect(await readFile(join(folder, 'gallery.html'), 'utf8')).toContain('a.png');
});

it('appends behind a manifest that is there, and leaves the folder of a run alone', async () => {
  const folder = root();
  const [saved] = await inFolder(folder);
  for (const prompt of ['first', 'second'])
    await lastValueFrom(of({ ...saved, prompt }).pipe(toManifest(folder)));
  const stored = await collect(manifestOutcomes(folder));
  expect(stored.map(({ index, prompt }) => `${index} ${prompt}`)).toEqual(['0 first', '1 second']);
  await writeFile(join(folder, 'run.json'), '{}');
  await expect(lastValueFrom(of(saved).pipe(toManifest(folder)))).rejects.toThrow(UsageError);
});

it('copies files to another folder, replaces none, and reports their paths', async () => {
  const [folder, to] = [join(root(), 'from'), join(root(), 'to')];
  const outcomes = await inFolder(folder);
  await mkdir(to);
  await writeFile(join(to, 'a.png'), 'of the user');
  const copy = () => lastValueFrom(from(outcomes).pipe(toFolder(to, folder), toArray()));
  const passed = (await copy()).find(({ index }) => index === 0);
  expect(passed?.deliveredTo).toEqual({ [to]: [join(to, 'a-2.png')] });
  expect(await readFile(join(to, 'a.png'), 'utf8')).toBe('of the user');
  expect(await readFile(join(to, 'a-2.png'), 'utf8')).toBe('an image');
  // Again: nothing changes.
  await copy();
  expect((await readdir(to)).toSorted()).toEqual(['a-2.png', 'a.png']);
  // A changed file no longer matches the outcome.
  await writeFile(join(folder, 'a.png'), 'another');
  expect((await copy()).find(({ index }) => index === 0)).toMatchObject({
    status: 'failed',
    costUsd: 0.003,
    error: { code: 'ERR_DELIVERY_FAILED' },
  });
});

it('appends samples to shards', async () => {
  const folder = root();
  const outcomes = await inFolder(folder);
  const passed = await lastValueFrom(from(outcomes).pipe(toWebDataset(folder), toArray()));
  const [saved] = passed.toSorted((a, b) => a.index - b.index);
  expect(saved?.deliveredTo).toEqual({ webdataset: ['webdataset/00000.tar'] });
  expect((await readFile(join(folder, 'webdataset/00000.tar'))).subarray(0, 13).toString()).toBe(
    '000000000.png',
  );
});

it('uploads to a bucket, and adds the URLs', async () => {
  const folder = root();
  const outcomes = await inFolder(folder);
  const bucket = await aBucket('fox');
  onTestFinished(() => bucket.close());
  const { endpoint } = bucket;
  const upload = toS3('s3://fox/run', folder, { endpoint, credentials });
  const passed = await lastValueFrom(from(outcomes).pipe(upload, toArray()));
  const [saved] = passed.toSorted((a, b) => a.index - b.index);
  expect(saved?.deliveredTo).toEqual({ 's3://fox/run': ['s3://fox/run/a.png'] });
  expect(await bucket.keys()).toEqual(['run/a.json', 'run/a.png']);
  const missing = toS3('s3://wolf', folder, { endpoint, credentials, maxAttempts: 1 });
  await expect(lastValueFrom(from(outcomes).pipe(missing))).rejects.toThrow('cannot be used');
});

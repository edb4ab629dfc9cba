import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  defer,
  EMPTY,
  firstValueFrom,
  lastValueFrom,
  type Observable,
  of,
  Subject,
  tap,
  throwError,
} from 'rxjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DeliveryError, UsageError } from '../../../src/errors.ts';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import type { FinishedRun } from '../../../src/pipelines/run/closing/results.ts';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import type { Destination } from '../../../src/ports.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/index.ts';
import { openWebDataset } from '../../../src/sinks/destinations/webDataset.ts';
import { sidecarPath } from '../../../src/sinks/manifest/sidecar.ts';
import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import type { Job, Outcome } from '../../../src/types.ts';

let folder = '';
let simulator: Simulator;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  simulator = await startSimulator({ render: 'fast', speed: 100 });
});
afterEach(async () => {
  await simulator.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

const job = (index: number): Job => ({
  index,
  prompt: `pear ${index}`,
  model: 'black-forest-labs/flux-schnell',
  version: null,
  input: { prompt: `pear ${index}`, seed: index },
  tags: {},
  renditions: [],
});

type Opens = NonNullable<RunSettings['destinations']>;

function run(destinations: Opens, settings: Partial<RunSettings> = {}) {
  return firstValueFrom(start(destinations, settings));
}

function start(destinations: Opens, settings: Partial<RunSettings> = {}) {
  const plans = () =>
    planJobs([0, 1, 2, 3].map(job), { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });
  const provider = createReplicateProvider(simulator);
  return runToFolder(plans, { folder, provider, destinations, ...settings });
}

/** A destination in memory; `refuses` decides which deliveries fail, by job and number of tries. */
function aDestination(name: string, refuses: (index: number, tried: number) => boolean = () => false) {
  const tried: number[] = [];
  const closed: string[] = [];
  const deliver = ({ index, files }: Outcome): Observable<readonly string[]> =>
    defer(() => {
      tried.push(index);
      const times = tried.filter((other) => other === index).length;
      const error = new DeliveryError('full', { destination: name, recoverable: false });
      return refuses(index, times) ? throwError(() => error) : of(files.map(({ path }) => `${name}/${path}`));
    });
  const destination: Destination = {
    name,
    concurrency: 2,
    deliver,
    close: async () => {
      closed.push(name);
    },
  };
  return { open: async () => destination, tried, closed };
}

const outcomes = async (): Promise<Outcome[]> =>
  JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')).outcomes;

it('delivers each image to all destinations and records the addresses', async () => {
  const [one, two] = [aDestination('one'), aDestination('two')];
  const { totals } = await run([one.open, two.open]);
  expect(totals).toMatchObject({ saved: 4, failed: 0 });
  for (const { files, deliveredTo } of await outcomes()) {
    const paths = files.map(({ path }) => path);
    expect(deliveredTo).toEqual({
      one: paths.map((path) => `one/${path}`),
      two: paths.map((path) => `two/${path}`),
    });
  }
  expect([...one.closed, ...two.closed]).toEqual(['one', 'two']);
});

it('fails only the job that a destination refuses, and delivers it in the next run without making it again', async () => {
  const destination = aDestination('destination', (index, tried) => index === 2 && tried === 1);
  const { totals } = await run([destination.open]);
  expect(totals).toMatchObject({ saved: 3, failed: 1 });
  expect((await outcomes())[2]).toMatchObject({ status: 'failed', error: { code: 'ERR_DELIVERY_FAILED' } });
  const again = await run([destination.open]);
  expect(again.totals).toMatchObject({ saved: 1, failed: 0, alreadySaved: 3 });
  expect(destination.tried.toSorted()).toEqual([0, 1, 2, 2, 3]);
  expect(simulator.stats().created).toBe(4);
});

it('delivers images of earlier runs when a destination is new', async () => {
  await run([]);
  const destination = aDestination('late', (index, tried) => index === 3 && tried === 1);
  const { totals, fault } = await run([destination.open]);
  expect(totals).toMatchObject({ saved: 0, alreadySaved: 4 });
  expect(fault).toBeInstanceOf(DeliveryError);
  expect((await run([destination.open])).fault).toBeNull();
  expect((await outcomes()).map(({ deliveredTo }) => Object.keys(deliveredTo ?? {}))).toEqual(
    Array(4).fill(['late']),
  );
  // Nothing goes there twice.
  await run([destination.open]);
  expect(destination.tried.filter((index) => index === 0)).toHaveLength(1);
  expect(simulator.stats().created).toBe(4);
});

it('delivers earlier images only to the destinations that lack them, and sidecars have the addresses', async () => {
  const one = aDestination('one');
  await run([one.open]);
  const two = aDestination('two');
  await run([one.open, two.open]);
  expect(one.tried.toSorted()).toEqual([0, 1, 2, 3]);
  expect(two.tried.toSorted()).toEqual([0, 1, 2, 3]);
  for (const { files, deliveredTo } of await outcomes()) {
    expect(Object.keys(deliveredTo ?? {})).toEqual(['one', 'two']);
    const [original] = files;
    const sidecar = JSON.parse(await readFile(join(folder, sidecarPath(original?.path ?? '')), 'utf8'));
    expect(sidecar.deliveredTo).toEqual(deliveredTo);
  }
});

it('records the delivery of an earlier image to one destination, even if another one refuses it', async () => {
  await run([]);
  const one = aDestination('one');
  const two = aDestination('two', (index, tried) => index === 0 && tried === 1);
  expect((await run([one.open, two.open], { deleteLocal: true })).fault).toBeInstanceOf(DeliveryError);
  const [first] = await outcomes();
  expect(Object.keys(first?.deliveredTo ?? {})).toEqual(['one']);
  expect(existsSync(join(folder, first?.files[0]?.path ?? ''))).toBe(true);
  expect((await run([one.open, two.open])).fault).toBeNull();
  expect(one.tried.filter((index) => index === 0)).toHaveLength(1);
  expect((await outcomes()).map(({ deliveredTo }) => Object.keys(deliveredTo ?? {}))).toEqual(
    Array(4).fill(['one', 'two']),
  );
});

it('warns of images that are gone with the names of the destinations that lack them', async () => {
  const [one, two] = [aDestination('one'), aDestination('two')];
  await run([one.open], { deleteLocal: true });
  const warnings: string[] = [];
  const emit = (event: RunEvent) => event.type === 'warning' && warnings.push(event.message);
  await run([one.open, two.open], { emit });
  expect(warnings).toEqual([expect.stringContaining('4 saved jobs are not delivered to two: ')]);
});

it('does not warn of deleted images that it fetches again and delivers', async () => {
  await run([]);
  for (const { files } of await outcomes()) await rm(join(folder, files[0]?.path ?? ''));
  const warnings: string[] = [];
  const emit = (event: RunEvent) => event.type === 'warning' && warnings.push(event.message);
  const one = aDestination('one');
  const { totals } = await run([one.open], { emit });
  expect(totals).toMatchObject({ saved: 4, alreadySaved: 0, costUsd: 0 });
  expect(one.tried.toSorted()).toEqual([0, 1, 2, 3]);
  expect(warnings).toEqual([]);
});

it('begins no further delivery of earlier images once it is stopped', async () => {
  await run([]);
  const stop = new Subject<void>();
  const one = aDestination('one', () => {
    stop.next();
    return false;
  });
  await run([one.open], { stop });
  expect(one.tried.length).toBeLessThan(4);
  await run([one.open]);
  expect(one.tried.toSorted()).toEqual([0, 1, 2, 3]);
});

it('creates nothing any more if it is stopped while earlier images are delivered', async () => {
  await run([], { only: (index) => index < 2 });
  const stop = new Subject<void>();
  const one = aDestination('one', () => {
    stop.next();
    return false;
  });
  const { totals } = await run([one.open], { stop });
  expect(totals).toMatchObject({ alreadySaved: 2, saved: 0, skipped: 2 });
  expect(simulator.stats().created).toBe(2);
});

it('deletes local images once they are delivered, and still has nothing left to do', async () => {
  const destination = aDestination('destination', (index) => index === 1);
  await run([destination.open], { deleteLocal: true });
  const pictures = async () => (await readdir(folder)).filter((name) => /^\d{4}.*\.webp$/.test(name));
  expect(await pictures()).toHaveLength(1);
  const { totals } = await run([aDestination('destination').open], { deleteLocal: true });
  expect(totals).toMatchObject({ saved: 1, alreadySaved: 3 });
  expect(await pictures()).toEqual([]);
  expect(simulator.stats().created).toBe(4);
  // The gallery shows them still, small as they are.
  expect(await readdir(join(folder, '.thumbs'))).toHaveLength(4);
});

it('creates nothing if a destination cannot be opened, and closes those before', async () => {
  const destination = aDestination('destination');
  const broken = () => Promise.reject(new UsageError('no such bucket'));
  await expect(run([destination.open, broken])).rejects.toThrow('no such bucket');
  expect(destination.closed).toEqual(['destination']);
  expect(simulator.stats().created).toBe(0);
  expect((await run([])).totals).toMatchObject({ saved: 4 });
});

it('fills shards', async () => {
  await run([(path) => openWebDataset(path)]);
  expect(await readdir(join(folder, 'webdataset'))).toEqual(['00000.tar']);
});

it('leaves tables', async () => {
  await run([], { tables: ['csv', 'parquet'] });
  expect(await readFile(join(folder, 'manifest.csv'), 'utf8')).toContain('pear 3');
  expect((await readFile(join(folder, 'manifest.parquet'))).subarray(0, 4).toString()).toBe('PAR1');
});

it.each<[string, Destination['deliver'], string]>([
  ['emits nothing', () => EMPTY, 'it emitted nothing'],
  ['emits an error of its own', () => throwError(() => new TypeError('odd')), 'odd'],
  [
    'throws',
    () => {
      throw new Error('broken');
    },
    'broken',
  ],
])('fails the job, and no other, if a destination %s; the image is paid', async (_how, deliver, reason) => {
  const destination = await aDestination('own').open();
  const own: Destination = {
    ...destination,
    deliver: (outcome) => (outcome.index === 1 ? deliver(outcome) : destination.deliver(outcome)),
  };
  const { totals, fault } = await run([async () => own]);
  expect(fault).toBeNull();
  expect(totals).toMatchObject({ total: 4, saved: 3, failed: 1, costUsd: 0.012 });
  expect((await outcomes())[1]).toMatchObject({
    status: 'failed',
    costUsd: 0.003,
    error: {
      name: 'DeliveryError',
      message: `own did not take image #2: ${reason}`,
      stage: 'delivery',
    },
  });
});

it('ends with the totals of the run if a destination cannot be closed, and names it', async () => {
  const destination = aDestination('shop');
  const open = async () => ({
    ...(await destination.open()),
    close: () => Promise.reject(new Error('the line is dead')),
  });
  const ends: FinishedRun[] = [];
  const error: unknown = await lastValueFrom(start([open]).pipe(tap((end) => ends.push(end)))).catch(
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({
    name: 'DeliveryError',
    message: 'shop could not be closed: the line is dead',
    totals: { saved: 4, failed: 0 },
  });
  expect(ends).toMatchObject([{ totals: { saved: 4 }, fault: error }]);
  expect(await outcomes()).toHaveLength(4);
});

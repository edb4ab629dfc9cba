import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { delayWhen, lastValueFrom, mergeMap, NEVER, type Observable, throwError } from 'rxjs';
import sharp from 'sharp';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { ProviderError } from '../../../src/errors.ts';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { runCollect } from '../../../src/pipelines/workflows/collect.ts';
import type { Provider } from '../../../src/ports.ts';
import { createCogProvider } from '../../../src/providers/cog/cogProvider.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { startCogSimulator } from '../../../src/simulator/index.ts';
import { inputFile } from '../../../src/sources/modelInputs/inputFile.ts';
import { inputFiles } from '../../../src/sources/modelInputs/inputFiles.ts';
import { fallbackRequests } from '../../../src/sources/planning/fallbackRequests.ts';
import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import { openJournal } from '../../../src/store/journal/journal.ts';
import type { Job, ModelInput, ModelSchema, Plan, PredictionRequest } from '../../../src/types.ts';
import { leftFolder } from '../../helpers/runUntil.ts';
import { simulated } from '../../helpers/simulated.ts';
import { tempFolder } from '../../helpers/tempFile.ts';

const model = 'google/nano-banana';
const uri = { type: 'string', format: 'uri' } as const;
const schema: ModelSchema = {
  required: ['prompt'],
  properties: { prompt: { type: 'string' }, image_input: { type: 'array', items: uri }, image: uri },
};

let folder = '';
beforeEach(async () => {
  folder = await tempFolder();
  await picture('ref.png', '#c63');
});

async function picture(name: string, background: string): Promise<string> {
  const path = join(folder, name);
  await sharp({ create: { width: 40, height: 40, channels: 3, background } })
    .png()
    .toFile(path);
  return path;
}

/** A job for each input, its files found beside the pictures of the test. */
async function jobsOf(inputs: readonly ModelInput[]): Promise<Job[]> {
  const jobs = inputs.map(async (given, index) => {
    const prompt = `sofa cat ${index}`;
    const files = await inputFiles(given, { schema, folder });
    return {
      index,
      prompt,
      model,
      version: null,
      input: { prompt, ...given },
      tags: {},
      renditions: [],
      files,
    };
  });
  return Promise.all(jobs);
}

const referring = (count: number, ...names: string[]): ModelInput[] =>
  Array.from({ length: count }, () => ({ image_input: names }));

const start = (jobs: readonly Job[], settings: Pick<RunSettings, 'provider'> & Partial<RunSettings>) => {
  const plans = () => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 39_000 });
  return runToFolder(plans, {
    folder: join(folder, 'run'),
    ratePerMinute: 100_000,
    concurrency: 10,
    ...settings,
  });
};

/** A provider that also reports each request. */
function watched(provider: Provider) {
  const sent: PredictionRequest[] = [];
  const createPrediction: Provider['createPrediction'] = (request, options) => {
    sent.push(request);
    return provider.createPrediction(request, options);
  };
  return { provider: { ...provider, createPrediction }, sent };
}

const manifest = async () => JSON.parse(await readFile(join(folder, 'run', 'manifest.json'), 'utf8'));

it('uploads one reference once for 40 jobs, and sends its address', async () => {
  const simulator = await simulated();
  const { provider, sent } = watched(createReplicateProvider(simulator));
  await picture('copy.png', '#c63');
  const jobs = await jobsOf([...referring(20, 'ref.png'), ...referring(20, 'copy.png', 'ref.png')]);
  const { totals } = await lastValueFrom(start(jobs, { provider }));
  expect(totals).toMatchObject({ saved: 40 });
  expect(simulator.stats()).toMatchObject({ created: 40, requests: { file: 1 } });
  const addresses = new Set(sent.flatMap(({ input }) => input.image_input));
  expect([...addresses]).toEqual([expect.stringMatching(`^${simulator.baseUrl}/files/`)]);
  const { outcomes } = await manifest();
  expect(outcomes[0].input.image_input).toEqual(['ref.png']);
  expect(outcomes[39].input.image_input).toEqual(['copy.png', 'ref.png']);
  const sidecar = await readFile(join(folder, 'run', '0001-sofa-cat-0.json'), 'utf8');
  expect(JSON.parse(sidecar)).toEqual(outcomes[0]);
});

it('is drawn with the picture that was uploaded', async () => {
  const simulator = await simulated({ render: 'full' });
  const jobs = await jobsOf(referring(1, 'ref.png'));
  const other = await jobsOf([{}]);
  const provider = createReplicateProvider(simulator);
  await lastValueFrom(start(jobs, { provider }));
  await lastValueFrom(start(other, { provider, folder: join(folder, 'other') }));
  const means = async (run: string) => {
    const { channels } = await sharp(join(folder, run, '0001-sofa-cat-0.jpg')).stats();
    return channels.map(({ mean }) => mean);
  };
  expect(await means('run')).not.toEqual(await means('other'));
});

it('takes bytes, and URLs as they are', async () => {
  const simulator = await simulated();
  const { provider, sent } = watched(createReplicateProvider(simulator));
  const bytes = await readFile(join(folder, 'ref.png'));
  const prompt = 'a cat and a dog';
  const input = { prompt, image_input: ['my cat', 'https://files.example/dog.png'] };
  const files = { 'image_input[0]': await inputFile(bytes, 'cat.png') };
  const jobs = [{ index: 0, prompt, model, version: null, input, tags: {}, renditions: [], files }];
  await lastValueFrom(start(jobs, { provider }));
  expect(sent[0]?.input).toEqual({
    prompt,
    image_input: [expect.stringContaining('/v1/files/'), 'https://files.example/dog.png'],
  });
  expect((await manifest()).outcomes[0].input).toEqual(input);
});

it('adopts a prediction whose create request was lost with its run, though the next run would upload again', async () => {
  const simulator = await simulated();
  const provider = createReplicateProvider(simulator);
  const jobs = await jobsOf(referring(3, 'ref.png'));
  await crashAfter(3, start(jobs, { provider: silent(provider) }), () => simulator.stats().created);
  const { totals } = await lastValueFrom(start(jobs, { provider }));
  expect(totals).toMatchObject({ saved: 3, failed: 0 });
  expect(simulator.stats()).toMatchObject({ created: 3, requests: { file: 1 } });
  expect((await manifest()).outcomes[0].input.image_input).toEqual(['ref.png']);
});

it('resumes without an upload for images that are made already', async () => {
  const simulator = await simulated();
  const provider = createReplicateProvider(simulator);
  await lastValueFrom(start(await jobsOf(referring(2, 'ref.png')), { provider }));
  const { totals } = await lastValueFrom(start(await jobsOf(referring(2, 'ref.png')), { provider }));
  expect(totals).toMatchObject({ alreadySaved: 2, saved: 0 });
  expect(simulator.stats()).toMatchObject({ created: 2, requests: { file: 1 } });
});

it('makes only the jobs again whose files have changed', async () => {
  const simulator = await simulated();
  const provider = createReplicateProvider(simulator);
  await picture('other.png', '#888');
  const inputs = [...referring(1, 'ref.png'), ...referring(1, 'other.png')];
  await lastValueFrom(start(await jobsOf(inputs), { provider, fingerprint: 'same' }));
  await utimes(await picture('other.png', '#fff'), 1, 1);
  const changed = await jobsOf(inputs);
  const { totals } = await lastValueFrom(start(changed, { provider, fingerprint: 'same' }));
  expect(totals).toMatchObject({ alreadySaved: 1, saved: 1, failed: 0 });
  expect(simulator.stats().created).toBe(3);
});

it('uses results of the cache for the same content under another name', async () => {
  const simulator = await simulated();
  const provider = createReplicateProvider(simulator);
  const cacheFolder = join(folder, 'cache');
  await picture('copy.png', '#c63');
  const seeded = (name: string) => jobsOf([{ image_input: [name], seed: 7 }]);
  await lastValueFrom(start(await seeded('ref.png'), { provider, cacheFolder }));
  const again = { provider, cacheFolder, folder: join(folder, 'again') };
  await lastValueFrom(start(await seeded('copy.png'), again));
  expect(simulator.stats()).toMatchObject({ created: 1, requests: { file: 1 } });
});

it('fails the one job whose file has changed, and creates nothing for it', async () => {
  const simulator = await simulated();
  await picture('other.png', '#888');
  const jobs = await jobsOf([...referring(1, 'ref.png'), ...referring(1, 'other.png')]);
  await writeFile(join(folder, 'other.png'), 'no picture any more');
  const { totals } = await lastValueFrom(start(jobs, { provider: createReplicateProvider(simulator) }));
  expect(totals).toMatchObject({ saved: 1, failed: 1 });
  expect((await manifest()).outcomes[1]).toMatchObject({
    attempts: 0,
    costUsd: 0,
    error: { code: 'ERR_INPUT_CHANGED' },
  });
  expect(simulator.stats()).toMatchObject({ created: 1, requests: { file: 1 } });
});

it('holds no slot while it uploads', async () => {
  const simulator = await simulated();
  const provider = createReplicateProvider(simulator);
  const answered = Promise.withResolvers<void>();
  const slow: Provider = {
    ...provider,
    createPrediction: (...args) => provider.createPrediction(...args).pipe(delayWhen(() => answered.promise)),
  };
  await picture('other.png', '#888');
  const jobs = await jobsOf([...referring(1, 'ref.png'), ...referring(1, 'other.png')]);
  const finished = lastValueFrom(start(jobs, { provider: slow, concurrency: 1 }));
  // Both uploads come while the only slot is held by the first prediction.
  const seen = () => [simulator.stats().requests.file, simulator.stats().created];
  await expect.poll(seen).toEqual([2, 1]);
  answered.resolve();
  expect((await finished).totals).toMatchObject({ saved: 2 });
});

it('gives a fallback the same files, with their input as it takes it', async () => {
  const simulator = await simulated();
  const { provider, sent } = watched(createReplicateProvider(simulator));
  const gone = (request: PredictionRequest) =>
    throwError(() => new ProviderError('ERR_NOT_FOUND', request.model, { status: 404 }));
  const refusing: Provider = {
    ...provider,
    createPrediction: (request, options) =>
      request.model === model ? gone(request) : provider.createPrediction(request, options),
  };
  const other = await lastValueFrom(provider.getModel('black-forest-labs/flux-dev'));
  const fallbacksOf = fallbackRequests({
    fallbacks: [{ model: other, version: null }],
    schema: null,
    priceOf: () => 25_000,
  });
  const jobs = await jobsOf([{ image: 'ref.png', image_input: ['ref.png'] }]);
  const { totals } = await lastValueFrom(start(jobs, { provider: refusing, fallbacksOf }));
  expect(totals).toMatchObject({ saved: 1 });
  expect(sent.map(({ input }) => input)).toEqual([
    { prompt: jobs[0]!.prompt, image: expect.stringContaining('/v1/files/') },
  ]);
  expect(simulator.stats().requests.file).toBe(1);
  expect((await manifest()).outcomes[0]).toMatchObject({ model: other.name, input: { image: 'ref.png' } });
});

it('stands in the request itself for a container, and in nothing that is stored', async () => {
  const simulator = await startCogSimulator({ speed: 100, render: 'fast' });
  onTestFinished(() => simulator.close());
  const { provider, sent } = watched(createCogProvider({ baseUrl: simulator.baseUrl }));
  const noise = await sharp({
    create: {
      width: 200,
      height: 200,
      channels: 3,
      background: '#000',
      noise: { type: 'gaussian', mean: 128, sigma: 50 },
    },
  })
    .png()
    .toBuffer();
  await writeFile(join(folder, 'noise.png'), noise);
  const jobs = await jobsOf([{ image: 'noise.png' }]);
  const { totals } = await lastValueFrom(start(jobs, { provider }));
  expect(totals).toMatchObject({ saved: 1 });
  expect(sent[0]?.input.image).toBe(`data:image/png;base64,${noise.toString('base64')}`);
  expect(noise.length).toBeGreaterThan(50_000);
  expect((await stat(join(folder, 'run', 'run.sqlite'))).size).toBeLessThan(50_000);
});

it('cuts long data: URLs of the user in all that is stored and shown', async () => {
  const simulator = await simulated();
  const { provider, sent } = watched(createReplicateProvider(simulator));
  const data = `data:image/png;base64,${'A'.repeat(500_000)}`;
  const jobs = await jobsOf([{ image_input: [data] }]);
  await crashAfter(1, start(jobs, { provider: silent(provider) }), () => simulator.stats().created);
  const { totals } = await lastValueFrom(start(jobs, { provider }));
  expect(totals).toMatchObject({ saved: 1 });
  expect(simulator.stats()).toMatchObject({ created: 1, requests: { file: 0 } });
  expect(sent[0]?.input.image_input).toEqual([data]);
  expect((await manifest()).outcomes[0].input.image_input).toEqual([
    expect.stringMatching(/^data:image\/png;base64,… \(500022 characters, sha256 [0-9a-f]{64}\)$/),
  ]);
  for (const name of ['manifest.json', 'manifest.jsonl', 'run.sqlite', '0001-sofa-cat-0.json']) {
    expect((await stat(join(folder, 'run', name))).size, name).toBeLessThan(100_000);
  }
});

it('resumes a fallback that was in flight when the run died, its data known by their hash', async () => {
  const simulator = await simulated();
  const provider = createReplicateProvider(simulator);
  const refusing: Provider = {
    ...silent(provider),
    createPrediction: (request, options) =>
      request.model === model
        ? throwError(() => new ProviderError('ERR_NOT_FOUND', 'no', { status: 404 }))
        : silent(provider).createPrediction(request, options),
  };
  const data = `data:image/png;base64,${'A'.repeat(50_000)}`;
  const fallbacksOf = ({ input }: Plan) => [
    { model: 'bytedance/seedream-4', version: null, input: { ...input, size: '1K' }, priceMicroUsd: 30_000 },
  ];
  const jobs = await jobsOf([{ image_input: [data] }, { image_input: ['ref.png', data] }]);
  await crashAfter(2, start(jobs, { provider: refusing, fallbacksOf }), () => simulator.stats().created);
  const journal = openJournal(join(folder, 'run'));
  const { request } = journal.find(1) ?? {};
  journal.close();
  expect(request).toMatchObject({
    model: 'bytedance/seedream-4',
    input: { image_input: [expect.stringContaining('/v1/files/'), expect.stringContaining('sha256')] },
  });
  const { totals } = await lastValueFrom(start(jobs, { provider, fallbacksOf }));
  expect(totals).toMatchObject({ saved: 2 });
  expect(simulator.stats()).toMatchObject({ created: 2 });
  expect((await manifest()).outcomes[1]).toMatchObject({
    model: 'bytedance/seedream-4',
    input: { size: '1K', image_input: ['ref.png', expect.stringContaining('sha256')] },
  });
});

it('is given again to a detached prediction that has to be made again, unless it was in memory only', async () => {
  const simulator = await simulated({
    faults: { onOutcome: ({ serial }) => (serial < 2 ? 'Prediction interrupted (code: PA)' : null) },
  });
  const provider = createReplicateProvider(simulator);
  const [fromDisk] = await jobsOf([{ image_input: ['ref.png'] }]);
  const inMemory = {
    ...fromDisk!,
    index: 1,
    files: { 'image_input[0]': await inputFile(await readFile(await picture('other.png', '#888'))) },
  };
  await lastValueFrom(start([fromDisk!, inMemory], { provider, detach: true }));
  await expect.poll(() => simulator.stats().failed).toBe(2);
  const settings = { folder: join(folder, 'run'), provider, random: () => 0 };
  // A plan that is read back may come from someone else.
  await expect(lastValueFrom(runCollect(settings))).rejects.toThrow(
    `job #1: Expected a file in ${join(folder, 'run')} or below, got ${join(folder, 'ref.png')}`,
  );
  const { totals } = await lastValueFrom(runCollect({ ...settings, allowFiles: [folder] }));
  expect(totals).toMatchObject({ saved: 1, failed: 1 });
  expect(simulator.stats()).toMatchObject({ created: 3 });
  expect((await manifest()).outcomes).toMatchObject([
    { status: 'saved', input: { image_input: ['ref.png'] } },
    { status: 'failed', error: { code: 'ERR_INPUT_CHANGED' } },
  ]);
});

/** Create requests that take effect and never get a response. */
function silent(provider: Provider): Provider {
  return {
    ...provider,
    createPrediction: (request, options) =>
      provider.createPrediction(request, { ...options, waitMs: 0 }).pipe(mergeMap(() => NEVER)),
  };
}

/** Runs until so many predictions are created, then drops everything, as a crash does. */
async function crashAfter(count: number, run: Observable<unknown>, happened: () => number): Promise<void> {
  const subscription = run.subscribe();
  await expect.poll(happened).toBe(count);
  subscription.unsubscribe();
  await leftFolder(join(folder, 'run'));
}

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { concatMap, from, lastValueFrom, map, NEVER, of, take, tap, toArray } from 'rxjs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  compareModels,
  createSession,
  type Destination,
  grid,
  images,
  isRunFault,
  type Outcome,
  ofType,
  type Plan,
  refineImages,
  UsageError,
} from '../../../src/index.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import type { SimulatorConfig } from '../../../src/simulator/index.ts';
import { toSink } from '../../../src/sinks/stages/toSink.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
/** The arguments of a call without any, as a program without types can make it. */
const none = [] as unknown as [never];

async function service(config: SimulatorConfig = {}) {
  const simulator = await simulated(config);
  const provider = createReplicateProvider({ ...simulator, service: 'simulator' });
  const options = { model: SCHNELL, to: join(folder(), 'run'), provider, gallery: false };
  return { simulator, provider, options };
}

const animals = ['a red fox', { prompt: 'an owl', num_outputs: 2 }];

it('makes an image of each prompt, and nothing twice', async () => {
  const { simulator, options } = await service();
  const first = await images(animals, options);
  expect(first.totals).toMatchObject({ total: 2, saved: 2, failed: 0 });
  expect(first.totals.costUsd).toBeCloseTo(0.009);
  expect(simulator.stats().created).toBe(2);
  const again = await images(animals, options);
  expect(again.totals).toMatchObject({ total: 2, saved: 0, alreadySaved: 2, costUsd: 0 });
  expect(simulator.stats().created).toBe(2);
});

it.each([
  ['images', () => images(['a'], ...none)],
  ['grid', () => grid({ prompt: 'a', axes: {} }, ...none)],
  ['compareModels', () => compareModels({ prompts: ['a'] }, ...none)],
  ['refineImages', () => refineImages({ prompt: 'a' }, ...none)],
])('%s without options throws a UsageError', (_, call) => {
  expect(call).toThrow(UsageError);
  expect(call).toThrow('Expected options, with the run folder as `to`, got undefined');
});

it('warns of a price for a model that the run does not use', async () => {
  const { options } = await service();
  const other = 'black-forest-labs/flux-dev';
  const rater = 'yorickvp/llava-13b';
  const prices = { [SCHNELL]: 0.01, [other]: 0.02, [rater]: 0.001, 'black-forest-labs/flux-shnell': 0.5 };
  const run = images(['a'], { ...options, pricesUsd: prices, fallback: [other], score: rater });
  const { warnings } = await run.plan();
  expect(warnings).toEqual([
    '`pricesUsd` has a price of black-forest-labs/flux-shnell, which this run does not use: did you mean black-forest-labs/flux-schnell?',
  ]);
});

it('names `new-seed` if it is misspelt', async () => {
  const { options } = await service();
  await expect(images(['a'], { ...options, fallback: ['new-sed'] })).rejects.toMatchObject({
    suggestion: 'Did you mean `new-seed`?',
  });
});

it.each<[string, Partial<Destination>, string]>([
  ['no slots', { concurrency: 0 }, 'Expected `concurrency of shelf` to be an integer of 1 or more, got 0'],
  ['no close', { close: undefined as never }, 'Expected `close of shelf` to be a function, got undefined'],
])('names a destination with %s', async (_, fields, message) => {
  const { simulator, options } = await service();
  const shelf = { name: 'shelf', concurrency: 1, deliver: () => of(['a']), close: async () => {}, ...fields };
  await expect(images(['a'], { ...options, destinations: [async () => shelf] })).rejects.toThrow(message);
  expect(simulator.stats().created).toBe(0);
});

it('makes the images of other prompts in the same folder', async () => {
  const { simulator, options } = await service();
  await images(['a red fox', 'an owl'], options);
  const { totals } = await images(['a red fox', 'a heron'], options);
  expect(totals).toMatchObject({ total: 2, saved: 1, alreadySaved: 1 });
  expect(simulator.stats().created).toBe(3);
});

it.each([
  ['an array', () => ['one', 'two']],
  [
    'a generator',
    () =>
      (function* () {
        yield* ['one', 'two'];
      })(),
  ],
  [
    'an async generator',
    () =>
      (async function* () {
        yield* ['one', 'two'];
      })(),
  ],
  ['an Observable', () => of('one', 'two')],
  ['a set', () => new Set(['one', 'two'])],
])('takes prompts from %s', async (_, prompts) => {
  const { options } = await service();
  expect((await images(prompts(), options)).totals.saved).toBe(2);
});

it('takes prompts from a file, with paths relative to it', async () => {
  const { options } = await service();
  const path = join(folder(), 'prompts.csv');
  await writeFile(path, 'prompt,mood\na fox,calm\nan owl,wild\n');
  const { totals } = await images({ file: path }, { ...options, organize: '{mood}/{slug}' });
  expect(totals.saved).toBe(2);
  expect(await readdir(join(options.to, 'calm'))).toContain('a-fox.webp');
});

it.each([
  ['a text', 'a red fox', /list of prompts, got a text/],
  ['a number', 7, /list of prompts/],
  ['nothing', undefined, /list of prompts/],
  ['rows without prompts', [{ seed: 1 }], /1 row is wrong/],
  ['no rows', [], /at least one prompt/],
])('refuses %s before anything is created', async (_, prompts, message) => {
  const { simulator, options } = await service();
  await expect(images(prompts as never, options)).rejects.toThrow(message);
  expect(simulator.stats().created).toBe(0);
});

it.each([
  ['concurrency', { concurrency: 0 }, /`concurrency`/],
  ['budgetUsd', { budgetUsd: -1 }, /`budgetUsd`/],
  ['budgetUsd as a text', { budgetUsd: '1' }, /`budgetUsd`/],
  ['model', { model: 'flux' }, /`model`/],
  ['a rendition', { renditions: ['hero'] }, /rendition|hero/],
  ['an input', { input: { num_outputs: 'many' } }, /num_outputs/],
  ['organize', { organize: '{nobody}' }, /nobody/],
  ['count', { count: 0 }, /count/],
  ['name of an option', { budgetUSD: 1 }, /no option `budgetUSD`/],
  ['folder', { to: '' }, /`to`/],
  ['strategy for auto', { concurrency: 'auto', strategy: 'waves' }, /only with the strategy stream/],
  ['destination', { destinations: ['s3://A'] }, /s3:\/\/BUCKET/],
  ['deleteLocal', { deleteLocal: true }, /nowhere else/],
  ['shardSize', { shardSize: 5 }, /works only with/],
  ['caption', { renditions: ['t=8x8,caption={nobody}'] }, /nobody/],
  ['detach', { detach: true, cache: 'c' }, /cannot be used together/],
  ['downloads', { downloads: 0 }, /`downloads` to be an integer of 1 or more, or a gate, got 0/],
  ['strategy', { strategy: 'nope' }, /`strategy` to be sequential, .* or stream, got "nope"/],
  ['fallback', { fallback: ['x'] }, /^Expected `fallback` to be .*, or new-seed, got "x"/],
  ['budget', { budgetUsd: '1' }, /dollars of 0 or more, got "1"$/],
  ['sink', { sinks: () => {} }, /`sinks` to be a list of functions, got a function$/],
  [
    'kind of destination',
    { destinations: ['ftp://x'] },
    /s3:\/\/BUCKET\/PREFIX, webdataset or a function, got "ftp:\/\/x"/,
  ],
  ['time limit', { timeoutMs: 0 }, /`timeoutMs` to be a finite number above 0, got 0/],
  ['provenance', { provenance: 'some' }, /`provenance` to be full, minimal or none/],
  ['transform', { transform: 5 }, /`transform` to be a function, got 5/],
  ['sign', { sign: 5 }, /`sign` to be a function, or null, got 5/],
  ['follow', { follow: 'never' }, /`follow` to be wait or poll, or a receiver/],
  ['onAbort', { onAbort: 'explode' }, /`onAbort` to be finish or cancel/],
  ['signal', { signal: {} }, /`signal` to be an AbortSignal/],
  ['sinks', { sinks: ['database'] }, /`sinks` to be a list of functions/],
  ['seed', { seed: 'x' }, /`seed` to be auto or none, or a number/],
  ['size of a rendition', { renditions: [{ name: 't', widthPx: 0, heightPx: 9 }] }, /renditions\[0\]\.width/],
  ['waveSize', { waveSize: 5 }, /`waveSize` works only with `strategy: 'waves'`/],
  ['wavePauseMs', { wavePauseMs: 5, strategy: 'sequential' }, /`wavePauseMs` works only with/],
  ['cacheUnseeded', { cacheUnseeded: true }, /`cacheUnseeded` works only with `cache`/],
  ['spendingFile', { spendingFile: '' }, /`spendingFile` to be a path, got ""/],
  ['cache', { cache: '' }, /`cache` to be a path, got ""/],
  ['session', { session: {} }, /`session` to be that of createSession/],
])('rejects for a wrong %s, and pays nothing', async (_, wrong, message) => {
  const { simulator, options } = await service();
  await expect(images(['one'], { ...options, ...(wrong as object) })).rejects.toThrow(message);
  expect(simulator.stats().created).toBe(0);
});

describe('the loop', () => {
  it('gives each saved image, and holds the run back', async () => {
    const { simulator, options } = await service();
    const run = images(
      Array.from({ length: 12 }, (_, at) => `picture ${at}`),
      { ...options, concurrency: 1, downloads: 1 },
    );
    const seen: string[] = [];
    let most = 0;
    for await (const image of run) {
      seen.push(image.prompt);
      most = Math.max(most, simulator.stats().created - seen.length);
      expect(image.files).toHaveLength(1);
    }
    expect(seen.toSorted()).toHaveLength(12);
    expect(most).toBeLessThanOrEqual(4);
    expect((await run).totals.saved).toBe(12);
  });

  it('saves paid images if the loop is left', async () => {
    const { simulator, options } = await service();
    const prompts = Array.from({ length: 30 }, (_, at) => `picture ${at}`);
    const run = images(prompts, { ...options, concurrency: 2 });
    for await (const image of run) {
      expect(image.status).toBe('saved');
      break;
    }
    const { totals } = await run;
    expect(totals.saved).toBe(simulator.stats().created);
    expect(totals.skipped).toBe(30 - totals.saved);
  });

  it('is refused once the run has begun', async () => {
    const { options } = await service();
    const run = images(['one'], options);
    await run;
    expect(() => run[Symbol.asyncIterator]()).toThrow('has begun already');
  });
});

it('shows its progress, its images and its end', async () => {
  const { options } = await service();
  const run = images(animals, options);
  const progress: number[] = [];
  run.progress.subscribe(({ done, total }) => progress.push(done / total));
  const [saved, end] = await Promise.all([lastValueFrom(run.images.pipe(toArray())), lastValueFrom(run.end)]);
  expect(saved.map(({ prompt }) => prompt).toSorted()).toEqual(['a red fox', 'an owl']);
  expect(progress).toEqual([0, 0.5, 1]);
  expect(end.totals).toEqual((await run).totals);
});

it('ends early if its images are left, and saves paid ones', async () => {
  const { simulator, options } = await service();
  const prompts = Array.from({ length: 30 }, (_, at) => `picture ${at}`);
  const run = images(prompts, { ...options, concurrency: 2 });
  await lastValueFrom(run.images.pipe(take(1)));
  const { totals } = await run;
  expect(totals.saved).toBe(simulator.stats().created);
  expect(totals.saved).toBeLessThan(30);
});

describe('a signal', () => {
  it('that is aborted already pays nothing', async () => {
    const { simulator, options } = await service();
    const signal = AbortSignal.abort();
    await expect(images(['one'], { ...options, signal })).rejects.toThrow(/abort/i);
    expect(simulator.stats().created).toBe(0);
  });

  it('with a reason that is no error is the cause of one', async () => {
    const { options } = await service();
    const run = images(['one'], { ...options, signal: AbortSignal.abort('enough') });
    const error = await run.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ message: 'enough', cause: 'enough', totals: { total: 0 } });
  });

  it.each<[string, unknown, string | RegExp]>([
    ['an empty list', [], 'Expected at least one prompt, got an empty list'],
    [
      'wrong rows',
      [{ prompt: 'a', seed: 2n }, 'b', { prompt: '' }],
      /^prompts: 2 rows are wrong: row 1: Expected `seed` to be a value of JSON, got 2n; row 3: Expected a prompt/,
    ],
  ])('names the fault of prompts: %s', async (_, prompts, message) => {
    const { options } = await service();
    await expect(images(prompts as never, options)).rejects.toMatchObject({
      message: typeof message === 'string' ? message : expect.stringMatching(message),
      suggestion: expect.not.stringContaining('command'),
    });
  });

  it.each([
    [
      'a Buffer',
      { image_input: [Buffer.from('a')] },
      /`image_input\[0\]` .* got bytes; give the path of a file/,
    ],
    ['a Blob in a tag', { photo: new Blob(['a']) }, /`photo` to be a value of JSON, got bytes/],
    ['a Date', { day: new Date() }, /`day` to be a value of JSON, got an object of the kind Date/],
  ])('refuses %s in a row', async (_, fields, message) => {
    const { simulator, options } = await service();
    await expect(images([{ prompt: 'a', ...fields }], options)).rejects.toThrow(message);
    expect(simulator.stats().created).toBe(0);
  });

  it('refuses bytes among the inputs of every image', async () => {
    const { options } = await service();
    const input = { image_input: [Buffer.from('a')] } as never;
    const run = images(['a'], { ...options, model: 'google/nano-banana', input });
    await expect(run).rejects.toThrow(/`image_input\[0\]` to be a file or a URL, got bytes; give the path/);
  });

  it('leaves out a field without a value', async () => {
    const { options } = await service();
    await images([{ prompt: 'a', theme: undefined, seed: undefined, mood: 'calm' }], options);
    const { outcomes } = JSON.parse(await readFile(join(options.to, 'manifest.json'), 'utf8'));
    expect(outcomes[0].tags).toEqual({ mood: 'calm' });
  });

  it('does not speak of standard input to a program', async () => {
    const { options } = await service();
    await expect(images({ file: 'nope.txt' }, options)).rejects.toMatchObject({
      suggestion: expect.not.stringContaining('standard input'),
    });
  });

  it.each(['finish', 'cancel'] as const)('ends the run (%s) and rejects with its reason', async (onAbort) => {
    const { simulator, options } = await service();
    const controller = new AbortController();
    const prompts = Array.from({ length: 30 }, (_, at) => `picture ${at}`);
    const run = images(prompts, { ...options, concurrency: 2, signal: controller.signal, onAbort });
    run.events.subscribe((event) => {
      if (event.type === 'image.saved') controller.abort(new Error('enough'));
    });
    const error = await run.then(
      () => null,
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ message: 'enough', totals: { total: 30 } });
    expect(simulator.stats().created).toBeLessThan(30);
    if (onAbort === 'finish') {
      expect(error).toMatchObject({ totals: { saved: simulator.stats().created } });
    }
  });

  it('that aborts while the model is looked up pays nothing', async () => {
    const { simulator, provider, options } = await service();
    const controller = new AbortController();
    const getModel: typeof provider.getModel = (...args) =>
      provider.getModel(...args).pipe(tap(() => controller.abort(new Error('too late'))));
    const run = images(['one', 'two'], {
      ...options,
      provider: { ...provider, getModel },
      signal: controller.signal,
    });
    await expect(run).rejects.toThrow('too late');
    expect(simulator.stats().created).toBe(0);
  });
});

it('rejects with the error that ends it, with the totals so far', async () => {
  const { options } = await service({ creditUsd: 0.007 });
  const prompts = Array.from({ length: 8 }, (_, at) => `picture ${at}`);
  const error: unknown = await images(prompts, { ...options, concurrency: 1 }).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'ERR_NO_CREDIT', status: 402 });
  expect(error).toHaveProperty('totals.total', 8);
  expect(error).toHaveProperty('totals.saved', 3);
});

it('rejects for a token that the service refuses', async () => {
  const { simulator, options } = await service();
  const provider = createReplicateProvider({ ...simulator, token: 'wrong', service: 'simulator' });
  await expect(images(['one'], { ...options, provider })).rejects.toMatchObject({ status: 401 });
});

it('counts the failure of one image, and goes on', async () => {
  const { options } = await service();
  const { totals } = await images(['a fox', { prompt: 'an owl', go_fast: true }], options);
  expect(totals).toMatchObject({ saved: 2, failed: 0 });
});

describe('transform', () => {
  it.each([
    ['bytes', (path: string) => sharp(path).greyscale().jpeg().toBuffer()],
    ['an Observable', (path: string) => from(sharp(path).greyscale().jpeg().toBuffer())],
    [
      'a file',
      async (path: string) => {
        const to = join(folder(), 'grey.jpg');
        await sharp(path).greyscale().jpeg().toFile(to);
        return { path: to };
      },
    ],
  ])('saves its result as %s', async (_, change) => {
    const { options } = await service();
    const prompts: string[] = [];
    const { totals } = await images(['a fox'], {
      ...options,
      keepOriginals: true,
      renditions: ['thumb=64x64'],
      transform: (file, job) => {
        prompts.push(job.prompt);
        return change(file.path);
      },
    });
    expect(totals.saved).toBe(1);
    expect(prompts).toEqual(['a fox']);
    const names = await readdir(options.to);
    const jpg = names.find((name) => name.endsWith('.jpg') && !name.includes('thumb')) ?? '';
    expect((await sharp(await readFile(join(options.to, jpg))).stats()).isOpaque).toBe(true);
    expect((await sharp(join(options.to, jpg)).metadata()).format).toBe('jpeg');
    expect(await readdir(join(options.to, 'originals'))).toEqual([expect.stringMatching(/\.webp$/)]);
  });

  it('leaves an image as it is if it returns nothing', async () => {
    const { options } = await service();
    const seen: number[] = [];
    await images(['a fox'], {
      ...options,
      transform: async ({ bytes }) => {
        seen.push(bytes);
        return undefined;
      },
    });
    expect(seen).toEqual([expect.any(Number)]);
    expect((await readdir(options.to)).filter((name) => name.endsWith('.webp'))).toHaveLength(1);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no model');
      },
    ],
    ['returns no image', () => Buffer.from('rubbish')],
    ['rejects', () => Promise.reject(new Error('no model'))],
  ])('fails its job if it %s, and keeps the paid original', async (_, transform) => {
    const { options } = await service();
    const { totals, report } = await images(['a fox'], { ...options, transform });
    expect(totals).toMatchObject({ saved: 0, failed: 1 });
    expect(totals.costUsd).toBeCloseTo(0.003);
    expect(report.errors[0]?.code).toBe('ERR_TRANSFORM_FAILED');
    expect(await readdir(options.to)).toContainEqual(expect.stringMatching(/\.untransformed\.webp$/));
  });
});

describe('sinks', () => {
  it('get every outcome, and the run waits for them', async () => {
    const { options } = await service();
    const rows: string[] = [];
    const save = concatMap(async (outcome: Outcome) => {
      await Promise.resolve();
      rows.push(outcome.prompt);
      return outcome;
    });
    await images(animals, { ...options, sinks: [save, map((outcome) => outcome)] });
    expect(rows.toSorted()).toEqual(['a red fox', 'an owl']);
  });

  it('write the saved images before the run ends with an error', async () => {
    const { options } = await service({ creditUsd: 0.007 });
    const rows: string[] = [];
    const save = concatMap(async (outcome: Outcome) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      rows.push(outcome.status);
      return outcome;
    });
    const prompts = Array.from({ length: 8 }, (_, at) => `picture ${at}`);
    const run = images(prompts, { ...options, concurrency: 1, sinks: [save] });
    const error: unknown = await run.catch((reason) => reason);
    expect(error).toMatchObject({ status: 402, totals: { saved: 3 } });
    expect(rows).toEqual(['saved', 'saved', 'saved']);
  });

  it('end the run with their error, once paid images are saved', async () => {
    const { simulator, options } = await service();
    const fail = tap<Outcome>(() => {
      throw new Error('no database');
    });
    const prompts = Array.from({ length: 30 }, (_, at) => `picture ${at}`);
    const run = images(prompts, { ...options, concurrency: 2, sinks: [fail] });
    const error: unknown = await run.catch((reason) => reason);
    expect(error).toMatchObject({ message: 'no database', totals: { saved: simulator.stats().created } });
    expect(simulator.stats().created).toBeLessThan(30);
  });
});

/** Prompts without an end; notes when it is closed. */
function endless() {
  const state = { isClosed: false };
  async function* prompts() {
    try {
      for (let number = 0; ; number++) {
        yield `picture ${number}`;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      state.isClosed = true;
    }
  }
  return { state, prompts: prompts() };
}

it('reads prompts without an end as far as `limit` says', async () => {
  const { options } = await service();
  const { state, prompts } = endless();
  expect((await images(prompts, { ...options, limit: 2 })).totals).toMatchObject({ total: 2, saved: 2 });
  expect(state.isClosed).toBe(true);
});

it('stops reading them at an abort', async () => {
  const { simulator, options } = await service();
  const { state, prompts } = endless();
  await expect(images(prompts, { ...options, signal: AbortSignal.timeout(5) })).rejects.toThrow('timeout');
  await expect.poll(() => state.isClosed).toBe(true);
  await expect(images(NEVER, { ...options, signal: AbortSignal.timeout(5) })).rejects.toThrow('timeout');
  expect(simulator.stats().created).toBe(0);
});

it('never takes the part that it has read before an abort for all prompts', async () => {
  const { simulator, options } = await service();
  async function* prompts(controller: AbortController) {
    yield 'picture 0';
    controller.abort(new Error('enough'));
    yield 'picture 1';
  }
  for (const read of [prompts, (controller: AbortController) => from(prompts(controller))]) {
    const controller = new AbortController();
    const run = images(read(controller), { ...options, signal: controller.signal });
    await expect(run).rejects.toThrow('enough');
    expect(await readdir(options.to).catch(() => [])).toEqual([]);
  }
  expect(simulator.stats().created).toBe(0);
});

it('has no end if it is left before it has read its prompts', async () => {
  const { simulator, options } = await service();
  const run = images(NEVER, options);
  run.end.subscribe().unsubscribe();
  await expect(run).rejects.toThrow('left before it had begun');
  expect(simulator.stats().created).toBe(0);
});

it('sends no create request after one that was refused for all', async () => {
  const { simulator, options } = await service({ creditUsd: 0.007 });
  const prompts = Array.from({ length: 8 }, (_, at) => `picture ${at}`);
  const run = images(prompts, { ...options, concurrency: 1 });
  let begun = 0;
  run.events.pipe(ofType('prediction.creating')).subscribe(() => {
    begun += 1;
  });
  await expect(run).rejects.toMatchObject({ status: 402 });
  expect(begun).toBe(simulator.stats().created + 1);
});

it('takes a key of a rendition that is undefined as absent', async () => {
  const { options } = await service();
  const renditions = [{ name: 't', widthPx: 8, heightPx: 8, fit: 'cover', format: 'png', quality: 80 }].map(
    (rendition) => ({ ...rendition, gravity: undefined }),
  );
  const { totals } = await images(['a fox'], { ...options, renditions: renditions as never });
  expect(totals.saved).toBe(1);
});

it('takes renditions as specs have them, and as the layers below do', async () => {
  const { options } = await service();
  const renditions = [
    { name: 'small', width: 16, height: 16 },
    { name: 'tiny', widthPx: 8, heightPx: 8, fit: 'cover', format: 'png', quality: 80 } as const,
  ];
  await images(['a red fox'], { ...options, renditions });
  const files = await readdir(options.to);
  expect(files).toContain('0001-a-red-fox--small.jpg');
  expect(files).toContain('0001-a-red-fox--tiny.png');
});

describe('a sink that refuses an outcome', () => {
  it('ends the run with an error, once the others are safe', async () => {
    const { options } = await service();
    const rows: string[] = [];
    const toRows = toSink('rows', async () => ({
      add: async (outcome: Outcome) => {
        if (outcome.index === 1) throw new Error('no room');
        rows.push(outcome.prompt);
        return outcome;
      },
    }));
    const run = images(['one', 'two', 'three'], { ...options, sinks: [toRows] });
    await expect(run).rejects.toMatchObject({
      name: 'DeliveryError',
      message: 'rows did not take image #2: no room',
      totals: { saved: 3 },
    });
    expect(rows.toSorted()).toEqual(['one', 'three']);
  });

  it('is no reason to fail if the image had failed before', async () => {
    const { options } = await service();
    const transform = () => {
      throw new Error('odd');
    };
    const toNothing = toSink('nothing', async () => ({ add: async (outcome: Outcome) => outcome }));
    const { totals } = await images(['one'], { ...options, transform, sinks: [toNothing] });
    expect(totals.failed).toBe(1);
  });
});

describe('a session', () => {
  it('shares one budget', async () => {
    const { simulator, provider, options } = await service();
    const session = createSession({ provider, budgetUsd: 0.0075, concurrency: 3 });
    const runs = ['a', 'b', 'c'].map((name) =>
      images([`${name} 1`, `${name} 2`], {
        model: SCHNELL,
        to: join(options.to, name),
        session,
        gallery: false,
      }),
    );
    const ends = await Promise.all(runs);
    expect(ends.reduce((sum, { totals }) => sum + totals.saved, 0)).toBe(2);
    expect(simulator.stats().created).toBe(2);
    expect([session.spentUsd, session.reservedUsd]).toEqual([0.006, 0]);
  });

  it('has all of its money back after a run that the service has refused', async () => {
    const { provider, options } = await service({ creditUsd: 0.007 });
    const session = createSession({ provider, budgetUsd: 0.1, concurrency: 2 });
    const run = images(['one', 'two', 'three', 'four', 'five'], { ...options, session });
    await expect(run).rejects.toMatchObject({ status: 402 });
    expect(session.reservedUsd).toBe(0);
  });

  it('has all of its money back after an abort of jobs that wait for the pace', async () => {
    const { provider, options } = await service();
    const session = createSession({ provider, budgetUsd: 0.1, ratePerMinute: 1 });
    const stop = new AbortController();
    const run = images(['one', 'two', 'three'], { ...options, session, signal: stop.signal });
    run.events.pipe(ofType('image.saved'), take(1)).subscribe(() => stop.abort(new Error('enough')));
    await expect(run).rejects.toThrow('enough');
    expect([session.spentUsd, session.reservedUsd]).toEqual([0.003, 0]);
  });

  it.each([
    ['fewer slots than it has', 1, 5, 1],
    ['more slots than it has', 5, 2, 2],
    ['slots that it learns', 'auto', 2, 2],
  ] as const)('gives a run that asks for %s no more than both allow', async (_, own, all, expected) => {
    const { simulator, provider, options } = await service();
    const session = createSession({ provider, concurrency: all });
    const prompts = Array.from({ length: 12 }, (_none, at) => `picture ${at}`);
    await images(prompts, { ...options, concurrency: own, session });
    expect(simulator.stats().maxInFlight).toBe(expected);
    expect(session.shared.slots.concurrency).toBe(all);
  });

  it.each(['ratePerMinute', 'maxWaitMs'])('refuses %s of a run, which would have no effect', async (name) => {
    const { simulator, provider, options } = await service();
    const run = images(['one'], { ...options, [name]: 1, session: createSession({ provider }) });
    await expect(run).rejects.toThrow(`\`${name}\` cannot be used with \`session\``);
    expect(simulator.stats().created).toBe(0);
  });

  it.each([
    [{ budgetUSD: 1 }, /no option `budgetUSD`/],
    [{ budgetUsd: '1' }, /`budgetUsd` to be a number of dollars above 0/],
    [{ ratePerMinute: 0 }, /`ratePerMinute`/],
    [{ provider: 5 }, /`provider`/],
  ])('refuses %o', (wrong, message) => {
    expect(() => createSession(wrong as never)).toThrow(message);
  });

  it('shares its slots', async () => {
    const { provider, options } = await service();
    const session = createSession({ provider, concurrency: 2 });
    let open = 0;
    let most = 0;
    const runs = ['a', 'b', 'c', 'd'].map((name) => {
      const run = images([`${name} 1`, `${name} 2`], {
        model: SCHNELL,
        to: join(options.to, name),
        session,
        gallery: false,
      });
      run.events.subscribe(({ type }) => {
        if (type === 'prediction.creating') open += 1;
        most = Math.max(most, open);
        if (type === 'prediction.completed') open -= 1;
      });
      return run;
    });
    await Promise.all(runs);
    expect(most).toBeLessThanOrEqual(2);
  });
});

it('refuses a budget without a price', async () => {
  const { simulator, options } = await service();
  const model = 'stability-ai/stable-diffusion';
  const run = images(['one'], { ...options, model, budgetUsd: 1 });
  await expect(run).rejects.toThrow(/There is no model|known price/);
  expect(simulator.stats().created).toBe(0);
});

it('takes prices by model, for plan and account', async () => {
  const { simulator, options } = await service();
  const prompts = ['one', 'two', 'three'];
  const pricesUsd = { [SCHNELL]: 0.5 };
  const { totals } = await images(prompts, { ...options, pricesUsd, priceUsd: 0.1, budgetUsd: 1 });
  expect(totals).toMatchObject({ saved: 2, costUsd: 1 });
  expect(simulator.stats().created).toBe(2);
});

describe('callbacks', () => {
  it('are options, called with steps, batches and the end', async () => {
    const { options } = await service({
      faults: {
        onOutcome: ({ input }) => (input.prompt === 'an owl' ? 'NSFW content detected' : null),
      },
    });
    const steps: string[] = [];
    const called: unknown[] = [];
    await images(['a fox', 'an owl', 'a hare'], {
      ...options,
      ...{ strategy: 'waves', waveSize: 2, wavePauseMs: 0, concurrency: 1 },
      onJobProgress: ({ index, prompt, status, elapsedMs }) => {
        steps.push(`${index} ${prompt} ${status}`);
        expect(elapsedMs).toBeGreaterThanOrEqual(0);
      },
      onBatchComplete: ({ elapsedMs: _elapsed, ...batch }) => void called.push(batch),
      onComplete: ({ totals }) => void called.push(totals.saved),
    });
    expect(steps.filter((step) => step.startsWith('0'))).toEqual([
      '0 a fox creating',
      '0 a fox processing',
      '0 a fox saved',
    ]);
    expect(steps.filter((step) => step.startsWith('1')).at(-1)).toBe('1 an owl failed');
    expect(called).toEqual([
      { batch: 1, total: 2, jobs: 2, saved: 1, failed: 1 },
      { batch: 2, total: 2, jobs: 1, saved: 1, failed: 0 },
      2,
    ]);
  });

  it('count the batches of the chosen images alone', async () => {
    const { options } = await service();
    const ended: string[] = [];
    await images(['a', 'b', 'c', 'd', 'e', 'f'], {
      ...{ ...options, strategy: 'waves', waveSize: 2, wavePauseMs: 0, only: (index) => index < 3 },
      onBatchComplete: ({ batch, total }) => void ended.push(`${batch} of ${total}`),
    });
    expect(ended).toEqual(['1 of 2', '2 of 2']);
  });

  it('must be functions', async () => {
    const { simulator, options } = await service();
    const wrong = { ...options, onImage: 'log' as unknown as () => void };
    await expect(images(animals, wrong)).rejects.toThrow('Expected `onImage` to be a function, got "log"');
    expect(simulator.stats().created).toBe(0);
  });
});

it('warns of a budget that is too small before anything is paid, and tells its use at the end', async () => {
  const { simulator, options } = await service();
  const warned: unknown[] = [];
  const config = {
    ...options,
    budgetUsd: 0.007,
    onWarning: (event: { type: string }) => {
      if (event.type === 'budget.short') warned.push([event, simulator.stats().created]);
    },
  };
  const { totals, report } = await images(['a fox', 'an owl', 'a hare'], config);
  const short = { type: 'budget.short', requested: 3, allowed: 2, limitMicroUsd: 7_000, neededUsd: 0.01 };
  expect(warned).toEqual([[short, 0]]);
  const budget = { limitUsd: 0.007, usedUsd: 0.006, remainingUsd: 0.001, usedPercent: 85.7 };
  expect(totals).toMatchObject({ saved: 2, skipped: 1, budgetNeededUsd: 0.01, budget });
  expect(report.budget).toEqual(budget);
  const { run } = JSON.parse(await readFile(join(options.to, 'manifest.json'), 'utf8'));
  expect(run.budget).toEqual(budget);
  expect(JSON.parse(await readFile(join(options.to, 'report.json'), 'utf8')).budget).toEqual(budget);
});

it('says when a result from the cache was stored there', async () => {
  const { simulator, options } = await service();
  const cached = { ...options, cache: join(folder(), 'cache'), seed: 7 };
  const before = Date.now();
  await images(['a fox'], cached);
  const saved: Outcome[] = [];
  for await (const outcome of images(['a fox'], { ...cached, to: join(folder(), 'other') }))
    saved.push(outcome);
  expect(simulator.stats().created).toBe(1);
  expect(saved).toMatchObject([{ cached: true, costUsd: 0 }]);
  const at = Date.parse(saved[0]?.cachedAt ?? '');
  expect(at).toBeGreaterThanOrEqual(before);
  expect(at).toBeLessThanOrEqual(Date.now());
  const { outcomes } = JSON.parse(await readFile(join(options.to, 'manifest.json'), 'utf8'));
  expect(outcomes[0]).not.toHaveProperty('cachedAt');
});

it('writes tool, models and settings into the manifest, and nothing secret', async () => {
  const { simulator, options } = await service();
  await images(['a fox'], { ...options, strategy: 'waves', waveSize: 3, cache: join(folder(), 'cache') });
  const text = await readFile(join(options.to, 'manifest.json'), 'utf8');
  const { run } = JSON.parse(text);
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  expect(run).toMatchObject({ tool: { name: 'rxposure', version }, models: [SCHNELL], service: 'simulator' });
  expect(run.settings).toMatchObject({
    ...{ strategy: 'waves', waveSize: 3, wavePauseMs: 1_000, concurrency: 10, follow: 'wait' },
    ...{ maxAttempts: 3, timeoutMs: 600_000, cache: true, gallery: false, sidecars: true },
  });
  expect(text).not.toContain(simulator.token);
  expect(JSON.stringify(run)).not.toContain(folder());
});

describe('a plan', () => {
  it('counts and prices the planned images, and pays nothing; the run then makes them', async () => {
    const { simulator, options } = await service();
    await images(['a fox'], options);
    async function* prompts() {
      yield* ['a fox', { prompt: 'an owl', num_outputs: 2, num_output: 3 }, 'a hare'];
    }
    const warned: string[] = [];
    const run = images(prompts(), {
      ...options,
      only: (index) => index < 2,
      onWarning: (event) => void (event.type === 'warning' && warned.push(event.message)),
    });
    const plan = await run.plan();
    expect(plan).toMatchObject({
      ...{ folder: options.to, total: 3, alreadySaved: 1, jobs: 1, costUsd: 0.006, unpricedJobs: 0 },
      ...{ jobsByModel: { [SCHNELL]: 1 }, uploads: null },
      warnings: [expect.stringContaining('Did you mean `num_outputs`?')],
    });
    const planned: Plan[] = [];
    for await (const each of plan.plans()) planned.push(each);
    expect(planned).toMatchObject([{ prompt: 'an owl', path: '0002-an-owl', priceMicroUsd: 6_000 }]);
    expect(simulator.stats().created).toBe(1);
    expect(warned).toEqual([]);
    // The generator is read once, and its prompts are still there.
    const { totals } = await run;
    expect(totals).toMatchObject({ total: 3, alreadySaved: 1, saved: 1, costUsd: 0.006 });
    expect(warned).toEqual(plan.warnings);
    expect(simulator.stats().created).toBe(2);
  });

  it('creates no folder', async () => {
    const { options } = await service();
    const plan = await images(['a fox', 'an owl'], options).plan();
    expect(plan).toMatchObject({ jobs: 2, costUsd: 0.006, unpricedJobs: 0 });
    await expect(readdir(options.to)).rejects.toThrow('ENOENT');
  });

  it('ends at an abort, and the run then pays nothing', async () => {
    const { simulator, options } = await service();
    const { state, prompts } = endless();
    const run = images(prompts, { ...options, signal: AbortSignal.timeout(5) });
    await expect(run.plan()).rejects.toThrow('timeout');
    await expect.poll(() => state.isClosed).toBe(true);
    await expect(run.plan()).rejects.toThrow('timeout');
    await expect(run).rejects.toThrow('timeout');
    const late = images(NEVER, { ...options, signal: AbortSignal.timeout(5) });
    await expect(late.plan()).rejects.toThrow('timeout');
    await expect(images(animals, { ...options, signal: {} as never }).plan()).rejects.toThrow('`signal`');
    expect(simulator.stats().created).toBe(0);
  });

  it('is refused as the run is', async () => {
    const { options } = await service();
    await expect(images([], options).plan()).rejects.toThrow(/at least one prompt/);
  });
});

it.each<[string, SimulatorConfig, object, string]>([
  ['a token that is refused', {}, { provider: null }, 'ProviderError'],
  ['an option that is wrong', {}, { concurrency: 0 }, 'UsageError'],
  ['a model that is not there', {}, { model: 'nobody/nothing' }, 'UsageError'],
])('rejects before the run with totals of 0 for %s', async (_, config, more, name) => {
  const { simulator, options } = await service(config);
  const refused = createReplicateProvider({ ...simulator, token: 'r8_wrong' });
  const given = 'provider' in more ? { provider: refused } : more;
  const error: unknown = await images(animals, { ...options, ...given }).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name, totals: { total: 0, saved: 0, costUsd: 0 } });
  expect(isRunFault(error)).toBe(true);
  expect(simulator.stats().created).toBe(0);
});

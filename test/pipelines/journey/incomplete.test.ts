import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import sharp from 'sharp';
import { beforeEach, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { parseRendition } from '../../../src/renditions/notation.ts';
import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import type { Outcome } from '../../../src/types.ts';
import { localServer, predictionAnswer, type SeenRequest, sendJson } from '../../helpers/localServer.ts';
import { tempFolder } from '../../helpers/tempFile.ts';
import { untrustedServer } from '../../helpers/untrustedServer.ts';

const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
const image = (background: string) => ({
  create: { width: 60, height: 40, channels: 3 as const, background },
});
const pictures = await Promise.all(
  ['#c63', '#36c', '#6c3', '#c36'].map((background) => sharp(image(background)).png().toBuffer()),
);
const noisy = await sharp({ create: { width: 400, height: 300, channels: 3, background: '#888', noise } })
  .jpeg()
  .toBuffer();
/** Whole by its markers, but pixels are missing. */
const undecodable = Buffer.concat([noisy.subarray(0, noisy.length * 0.3), Buffer.from('ffd9', 'hex')]);
const unknown = randomBytes(5_000).fill('odd!', 0, 4);
const page = Buffer.from('<!doctype html><title>Log in to the network</title>');

/** A file of the output: its content, its address, or the status with which the file host responds. */
type Served = Buffer | string | number;

let folder = '';
beforeEach(async () => {
  folder = join(await tempFolder(), 'run');
});

/** Ids of predictions, in the order of their create requests. */
const ids = ['x', 'y'].map((end) => `${predictionAnswer.id.slice(0, -1)}${end}`);

/** A service whose one prediction has these outputs, which a test may change between two runs. */
async function service(outputs: Served[]) {
  let creates = -1;
  const { url, requests } = await localServer(({ url: path, method, headers, body }, response) => {
    const output = outputs.map((one, index) =>
      typeof one === 'string' ? one : `http://${headers.host}/out/${index}.png`,
    );
    const isCreate = method === 'POST';
    if (isCreate) creates += 1;
    if (path.startsWith('/v1/predictions?')) return sendJson(response, 200, { results: [], next: null });
    if (path.startsWith('/v1/models') && !isCreate) return sendJson(response, 200, {});
    if (path.startsWith('/v1')) {
      const { input } = isCreate ? JSON.parse(body) : predictionAnswer;
      const prediction = { ...predictionAnswer, id: ids[creates], input, output };
      return sendJson(response, isCreate ? 201 : 200, prediction);
    }
    const served = outputs[Number(/\d+/.exec(path)?.[0])] ?? 404;
    return typeof served === 'number' ? response.writeHead(served).end() : response.end(served);
  });
  return { url, requests, outputs };
}

/**
 * Runs one job in the folder, behind another one if `isInserted`; returns its outcome and the
 * requests of this run.
 */
async function run(
  { url, requests }: { url: string; requests: readonly SeenRequest[] },
  { isInserted = false, ...wishes }: Partial<RunSettings> & { isInserted?: boolean } = {},
) {
  const before = requests.length;
  const events: RunEvent[] = [];
  const provider = createReplicateProvider({
    token: `r8_${'0'.repeat(37)}`,
    baseUrl: `${url}/v1`,
    service: 'replicate',
  });
  const job = {
    index: 0,
    prompt: 'a cat',
    model: 'owner/name',
    version: null,
    input: { prompt: 'a cat' },
    tags: {},
    renditions: [parseRendition('thumb=8x8,png')],
  };
  const dog = { ...job, prompt: 'a dog', input: { prompt: 'a dog' } };
  const jobs = isInserted ? [dog, { ...job, index: 1 }] : [job];
  const plans = () => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 40_000 });
  const settings = {
    folder,
    provider,
    random: () => 0,
    tables: ['csv' as const],
    emit: (event: RunEvent) => events.push(event),
  };
  const { totals, fault } = await firstValueFrom(runToFolder(plans, { ...settings, ...wishes }));
  const { outcomes } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  const made: readonly SeenRequest[] = requests.slice(before);
  const outcome: Outcome = outcomes.at(-1);
  return {
    outcome,
    totals,
    fault,
    events,
    creates: made.filter(({ method }) => method === 'POST').length,
    fetched: [...new Set(made.map(({ url: path }) => path).filter((path) => path.startsWith('/out')))].sort(),
  };
}

const summary = ({ files }: Outcome) =>
  files.map(({ role, name, path, output }) => `${role} ${name} ${path} ${output ?? '-'}`);

const three = [
  'original original 0001-a-cat.png 0',
  'rendition thumb 0001-a-cat--thumb.png -',
  'original original 0001-a-cat--3.png 2',
  'rendition thumb 0001-a-cat--3--thumb.png -',
  'original original 0001-a-cat--4.png 3',
  'rendition thumb 0001-a-cat--4--thumb.png -',
];
const [a, b, c, d] = pictures as [Buffer, Buffer, Buffer, Buffer];

it.each<[string, Served, Partial<RunSettings>, RegExp, boolean]>([
  ['is gone', 410, {}, /output 2 \(ERR_OUTPUT_GONE\): .* it is gone$/, false],
  ['is refused', 403, {}, /output 2 \(ERR_DOWNLOAD_REFUSED\): .* got 403$/, false],
  ['fails for now', 500, {}, /output 2 \(ERR_DOWNLOAD_REFUSED\): .* got 500$/, true],
  ['is too large', Buffer.alloc(9_000), { maxOutputBytes: 8_000 }, /\(ERR_OUTPUT_TOO_LARGE\)/, false],
  ['is a page of the network', page, {}, /output 2 \(ERR_NOT_AN_IMAGE\): .*an HTML page$/, true],
])(
  'lists three of four outputs if one %s, and fetches only that one later',
  async (_what, served, wishes, reason, recoverable) => {
    const at = await service([a, served, c, d]);
    const first = await run(at, wishes);
    expect(first.outcome).toMatchObject({
      status: 'failed',
      costUsd: 0.04,
      predictionId: ids[0],
    });
    expect(first.outcome.error).toMatchObject({ code: 'ERR_INCOMPLETE', recoverable, stage: 'download' });
    expect(first.outcome.error?.message).toMatch(/^Expected 4 outputs, got 3\. /);
    expect(first.outcome.error?.message).toMatch(reason);
    expect(summary(first.outcome)).toEqual(three);
    expect(first.totals).toMatchObject({ failed: 1, saved: 0, costUsd: 0.04 });
    expect(first.events).toContainEqual({ type: 'job.failed', outcome: first.outcome });
    const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
    expect(report.costByModel['owner/name']).toMatchObject({ images: 3, costUsd: 0.04, saved: 0 });
    expect(JSON.parse(await readFile(join(folder, '0001-a-cat--3.json'), 'utf8'))).toEqual(first.outcome);
    expect(await readFile(join(folder, 'manifest.csv'), 'utf8')).toContain('0001-a-cat--4.png');

    // Nothing has changed at the file host.
    const again = await run(at, wishes);
    expect(again).toMatchObject({ creates: 0, fetched: ['/out/1.png'] });
    expect(summary(again.outcome)).toEqual(three);

    at.outputs[1] = b;
    const last = await run(at, wishes);
    expect(last).toMatchObject({ creates: 0, fetched: ['/out/1.png'] });
    expect(last.outcome).toMatchObject({ status: 'saved', costUsd: 0.04 });
    expect(last.outcome.error).toBeUndefined();
    const names = ['', '--2', '--3', '--4'].flatMap((number) => [
      `original original 0001-a-cat${number}.png -`,
      `rendition thumb 0001-a-cat${number}--thumb.png -`,
    ]);
    expect(summary(last.outcome)).toEqual(names);
    expect((await run(at, wishes)).fetched).toEqual([]);
  },
);

it('lists three of four outputs if one cannot be decoded, and fetches nothing later', async () => {
  const at = await service([a, undecodable, c, d]);
  for (const [creates, fetched] of [
    [1, 4],
    [0, 0],
  ] as const) {
    const { outcome, ...made } = await run(at);
    expect([made.creates, made.fetched.length]).toEqual([creates, fetched]);
    expect(outcome.error).toMatchObject({ code: 'ERR_INCOMPLETE', recoverable: false, stage: 'rendering' });
    expect(outcome.error?.message).toMatch(/got 3\. Missing: output 2 \(ERR_UNDECODABLE\): /);
    expect(summary(outcome)).toEqual([...three, 'kept undecodable 0001-a-cat--2.jpg 1']);
  }
});

it('keeps the only output if it cannot be decoded', async () => {
  const { outcome } = await run(await service([undecodable]));
  expect(outcome.error).toMatchObject({ code: 'ERR_UNDECODABLE' });
  expect(summary(outcome)).toEqual(['kept undecodable 0001-a-cat.jpg 0']);
});

it.each<[string, Served[], string[]]>([
  ['alone', [unknown], ['kept unrecognised 0001-a-cat.unrecognised 0']],
  ['beside others', [a, unknown, c, d], [...three, 'kept unrecognised 0001-a-cat--2.unrecognised 1']],
  ['as a text', [Buffer.from('{"boxes":[]}')], ['kept unrecognised 0001-a-cat.unrecognised 0']],
])(
  'keeps an output that nothing recognises, %s, and fetches it again only if it is deleted',
  async (_what, outputs, files) => {
    const at = await service(outputs);
    const first = await run(at);
    expect(first.creates).toBe(1);
    expect(first.outcome).toMatchObject({ status: 'failed', costUsd: 0.04 });
    expect(first.outcome.error?.message).toMatch(
      /It came twice, and is kept as 0001-a-cat(--2)?\.unrecognised/,
    );
    expect(summary(first.outcome)).toEqual(files);
    const path = join(folder, first.outcome.files.at(-1)?.path ?? '');
    expect(await readFile(path)).toEqual(outputs.find((one) => one !== a));
    expect(await readFile(join(folder, 'gallery.html'), 'utf8')).toContain('.unrecognised');

    const again = await run(at);
    expect(again).toMatchObject({ creates: 0, fetched: [] });
    expect(again.outcome.error).toEqual(first.outcome.error);
    expect(summary(again.outcome)).toEqual(files);

    await rm(path);
    const deleted = await run(at);
    expect(deleted).toMatchObject({ creates: 0, fetched: [`/out/${outputs.length > 1 ? 1 : 0}.png`] });
    expect(await readdir(folder)).toContain(first.outcome.files.at(-1)?.path);
  },
);

it('keeps no page of the network, and fetches the output once it is through', async () => {
  const at = await service([page]);
  const { outcome } = await run(at);
  expect(outcome).toMatchObject({ files: [], error: { code: 'ERR_NOT_AN_IMAGE', recoverable: true } });
  expect((await readdir(folder)).filter((name) => name.startsWith('0001'))).toEqual([]);
  at.outputs[0] = a;
  expect(await run(at)).toMatchObject({ creates: 0, outcome: { status: 'saved' } });
});

it('makes the whole output again under `repay` if a part of it is gone', async () => {
  const at = await service([a, 410, c, d]);
  await run(at);
  const again = await run(at, { repay: true });
  expect(again).toMatchObject({ creates: 1, outcome: { error: { code: 'ERR_INCOMPLETE' }, costUsd: 0.08 } });
  expect(summary(again.outcome)).toEqual(three);
});

it('ends the run if the file host is not trusted, and leaves paid images to the next one', async () => {
  const { url } = await untrustedServer();
  const at = await service([`${url}/0.png`]);
  expect(await run(at)).toMatchObject({
    creates: 1,
    fault: { code: 'ERR_UNTRUSTED_CERTIFICATE' },
    outcome: { status: 'skipped' },
  });
  at.outputs[0] = a;
  const later = await run(at);
  expect(later).toMatchObject({ creates: 0, outcome: { status: 'saved', costUsd: 0.04, attempts: 1 } });
});

it.each<[string, Served[], string[]]>([
  [
    'an incomplete output whose first file is missing',
    [410, b, c],
    ['original original 0002-a-cat--2.png 1', 'original original 0002-a-cat--3.png 2'],
  ],
  ['an output that nothing recognises', [unknown], ['kept unrecognised 0002-a-cat.unrecognised 0']],
  ['a damaged output', [a.subarray(0, a.length - 20)], ['kept damaged 0002-a-cat.damaged.png 0']],
])('renames the files of %s if the input moves its job', async (_what, outputs, files) => {
  const at = await service(outputs);
  await run(at);
  const { outcome, creates } = await run(at, { isInserted: true });
  expect(creates).toBe(1);
  expect(summary(outcome).filter((line) => !line.startsWith('rendition'))).toEqual(files);
  for (const { path } of outcome.files) expect(await readdir(folder)).toContain(path);
  const left = (await readdir(folder)).filter((name) => name.startsWith('0001-a-cat'));
  expect(left).toEqual([]);
});

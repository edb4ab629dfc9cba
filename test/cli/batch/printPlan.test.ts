import { styleText } from 'node:util';
import { expect, it } from 'vitest';
import { type PrintPlanConfig, printPlan } from '../../../src/cli/batch/plan.ts';
import type { PlannedModel } from '../../../src/cli/batch/planSummary.ts';
import { emptyFlags, withDefaults } from '../../../src/cli/flags/flags.ts';
import type { ModelInput, ModelSchema, Plan } from '../../../src/types.ts';
import { FakeStream } from '../../helpers/fakeStream.ts';
import { plan } from '../../helpers/outcomes.ts';

type Changes = Partial<PrintPlanConfig & Omit<PlannedModel, 'model'>>;

function config(changes: Changes = {}): PrintPlanConfig & { stream: FakeStream } {
  const { schema = null, price = null, durationMs = 3_000, ...others } = changes;
  const models = [{ model: 'owner/name', schema, price, durationMs }];
  return { folder: 'out/run', flags: withDefaults(emptyFlags), models, ...others, stream: new FakeStream() };
}

async function* many(count: number): AsyncGenerator<Plan> {
  for (let index = 0; index < count; index += 1) yield plan(index);
}

it('shows each job with model, path, price, seed and prompt, then the sums', async () => {
  const settings = config();
  await printPlan([plan(0, { prompt: 'a red\nfox '.repeat(20) }), plan(1)], settings);
  expect(settings.stream.lines).toEqual([
    '   #1  owner/name  0001-0  $0.003  seed 7  a red fox a red fox a red fox a red…',
    '   #2  owner/name  0001-1  $0.003  seed 7  prompt 1',
    '',
    'jobs      2',
    'models    owner/name (2)',
    'cost      $0.006 if every job succeeds at its first attempt',
    'time      about 3s',
    'settings  count 1, seed auto, concurrency 10, rate 600 a minute, attempts 3, timeout 10m 00s',
    'into      out/run',
    'Dry run: nothing was created.',
  ]);
});

it('leaves saved jobs out of all sums, and counts them', async () => {
  const settings = config({ isSaved: ({ index }) => index < 8 });
  const totals = await printPlan(many(12), settings);
  expect(totals).toMatchObject({
    jobs: 4,
    alreadySaved: 8,
    costMicroUsd: 12_000,
    models: { 'owner/name': 4 },
  });
  expect(settings.stream.lines.filter((line) => line.includes('seed 7'))).toHaveLength(4);
  expect(settings.stream.text).toContain('jobs      4 to make, 8 already saved\n');
  expect(settings.stream.text).toContain('cost      $0.012 if');
});

it('shows the first 20 of many, and sums up all', async () => {
  const settings = config();
  const totals = await printPlan(many(1_234), settings);
  expect(settings.stream.lines.filter((line) => line.includes('seed 7'))).toHaveLength(20);
  expect(settings.stream.lines).toContain('… and 1214 more');
  expect(totals).toMatchObject({ jobs: 1_234, costMicroUsd: 3_702_000 });
  // 124 rounds of 3 s; create requests alone would take 123 s.
  expect(settings.stream.text).toContain('about 6m 12s');
});

it('takes the longer time if the rate is the bound', async () => {
  const settings = config({ flags: withDefaults({ ...emptyFlags, concurrency: 100, ratePerMinute: 6 }) });
  await printPlan(many(11), settings);
  expect(settings.stream.text).toContain('about 1m 43s');
});

it.each([
  [[null, null], 'cost      unknown price for owner/name: give --price USD'],
  [[null, 3_000], 'cost      at least $0.003; unknown price for owner/name: give --price USD'],
])('marks an unknown price: %j', async (prices, line) => {
  const settings = config({ durationMs: null });
  await printPlan(
    prices.map((priceMicroUsd, index) => plan(index, { priceMicroUsd })),
    settings,
  );
  expect(settings.stream.lines).toContain(line);
  expect(settings.stream.lines).toContain('time      unknown');
});

it.each([
  [6_000, 'budget    $0.006, enough'],
  [
    5_999,
    'budget    $0.005999, enough for 1 of 2 jobs: the rest will be skipped; all of them need --budget 0.01',
  ],
  [
    1_000,
    'budget    $0.001, enough for 0 of 2 jobs: the rest will be skipped; all of them need --budget 0.01',
  ],
])('compares with a budget of %i millionths', async (budgetMicroUsd, line) => {
  const settings = config({ flags: withDefaults({ ...emptyFlags, budgetMicroUsd }) });
  await printPlan(many(2), settings);
  expect(settings.stream.lines).toContain(line);
});

it('counts what earlier runs have spent as part of the budget', async () => {
  const flags = withDefaults({ ...emptyFlags, budgetMicroUsd: 10_000 });
  const settings = config({ flags, spentMicroUsd: 6_000 });
  expect(await printPlan(many(2), settings)).toMatchObject({ allowed: 1 });
  expect(settings.stream.lines).toContain(
    'budget    $0.01, $0.006 of it spent by earlier runs, enough for 1 of 2 jobs: the rest will be skipped; all of them need --budget 0.02',
  );
});

it.each([
  [1, '1 saved job of this folder is not in the input: the run moves its images to unused/'],
  [2, '2 saved jobs of this folder are not in the input: the run moves their images to unused/'],
])('counts saved jobs that the input does not have: %i', async (unused, text) => {
  const settings = config({ countUnused: () => unused });
  expect(await printPlan(many(1), settings)).toMatchObject({ unused });
  expect(settings.stream.lines).toContain(`unused    ${text}`);
});

it('adds up the known times, and names the models without one', async () => {
  const quick = { model: 'a/quick', schema, price: '$0.003 an image', durationMs: 2_000 };
  const other = { model: 'b/other', schema: null, price: null, durationMs: null };
  const settings = config({ models: [quick, other], flags: withDefaults({ ...emptyFlags, concurrency: 1 }) });
  await printPlan([plan(0, { model: 'a/quick' }), plan(1, { model: 'b/other' })], settings);
  expect(settings.stream.lines).toContain('time      at least 2s, unknown for b/other');
});

it('puts the prompt on a row of its own in a narrow window', async () => {
  const settings = config();
  settings.stream.columns = 40;
  await printPlan([plan(0, { prompt: '狐狸'.repeat(30) })], settings);
  expect(settings.stream.lines[1]).toBe(`       ${'狐狸'.repeat(7)}狐…`);
});

const schema: ModelSchema = {
  required: ['prompt'],
  properties: {
    prompt: { type: 'string', default: 'a fox' },
    seed: { type: 'integer' },
    aspect_ratio: { type: 'string', default: '1:1' },
    mask: { type: 'string', default: '' },
    loras: { type: 'array', default: [] },
    num_outputs: { type: 'integer', default: 1 },
  },
};
const inputOf = (input: ModelInput) => ({ input: { prompt: 'x', seed: 7, ...input } });

it('shows sent inputs and defaults if they differ from those of the job before', async () => {
  const settings = config({ schema, price: '$0.003 an image (somewhere, 2026-10)' });
  const wide = inputOf({ aspect_ratio: '16:9', num_outputs: 2 });
  await printPlan([plan(0, inputOf({})), plan(1, wide), plan(2, wide)], settings);
  expect(settings.stream.lines.slice(0, 7)).toEqual([
    expect.stringContaining('#1'),
    '       default aspect_ratio=1:1, mask="", loras=[], num_outputs=1',
    expect.stringContaining('#2'),
    '       sends   aspect_ratio=16:9, num_outputs=2',
    '       default mask="", loras=[]',
    expect.stringContaining('#3'),
    '',
  ]);
  expect(settings.stream.lines).toContain('price     $0.003 an image (somewhere, 2026-10)');
});

it('has a table of several models, and their time in all', async () => {
  const quick = { model: 'a/quick', schema, price: '$0.003 an image', durationMs: 1_000 };
  const slow = { model: 'b/slow', schema: null, price: null, durationMs: 8_000 };
  const flags = withDefaults({ ...emptyFlags, concurrency: 1 });
  const settings = config({ models: [quick, slow], flags });
  const plans = [plan(0, { model: 'a/quick' }), plan(1, { model: 'b/slow', priceMicroUsd: null })];
  await printPlan([...plans, plan(2, { model: 'a/quick' })], settings);
  expect(settings.stream.lines.filter((line) => line.includes('default'))).toHaveLength(2);
  expect(settings.stream.text).toContain(
    `models    model    jobs  cost     each  price
          a/quick  2     $0.006   1s    $0.003 an image
          b/slow   1     unknown  8s    no known price
cost      at least $0.006; unknown price for b/slow: give --price USD
time      about 10s
`,
  );
});

it('dims defaults if colours are on', async () => {
  const settings = config({ schema, isColored: true });
  await printPlan([plan(0, inputOf({ num_outputs: 2 }))], settings);
  const defaults = '       default aspect_ratio=1:1, mask="", loras=[]';
  expect(settings.stream.lines[1]).toBe('       sends   num_outputs=2');
  expect(settings.stream.lines[2]).toBe(styleText('dim', defaults, { validateStream: false }));
});

it('gives defaults and price as JSON too', async () => {
  const settings = config({ schema, json: true, price: 'a price' });
  await printPlan([plan(0, inputOf({ aspect_ratio: '16:9', loras: ['a'] }))], settings);
  const [planned, sums] = settings.stream.lines.map((line) => JSON.parse(line));
  expect(planned.input).toEqual({ prompt: 'x', seed: 7, aspect_ratio: '16:9', loras: ['a'] });
  expect(planned.defaults).toEqual({ mask: '', num_outputs: 1 });
  expect(sums).toMatchObject({ type: 'plan', prices: { 'owner/name': 'a price' } });
});

it('gives plans as JSON lines, and nothing else', async () => {
  const settings = config({ json: true });
  await printPlan(many(30), settings);
  const parsed = settings.stream.lines.map((line) => JSON.parse(line));
  expect(parsed).toHaveLength(31);
  expect(parsed[29]).toMatchObject({ type: 'planned', index: 29, path: '0001-29', priceMicroUsd: 3_000 });
  expect(parsed[30]).toMatchObject({ type: 'plan', totals: { jobs: 30 } });
});

it('passes on errors of the plans', async () => {
  const broken = (async function* (): AsyncGenerator<Plan> {
    yield plan(0);
    throw new Error('row 2 is wrong');
  })();
  await expect(printPlan(broken, config())).rejects.toThrow('row 2 is wrong');
});

it('counts the files to upload by their folders, each once', async () => {
  const file = (source: string) => ({
    source,
    name: 'a.png',
    bytes: 1,
    sha256: source,
    mediaType: 'image/png',
  });
  const settings = config({ isSaved: ({ index }) => index === 2 });
  const folder = `${process.cwd()}/photos`;
  const plans = [
    plan(0, { files: { image: file(`${folder}/a.png`), mask: file('/srv/m.png') } }),
    plan(1, { files: { image: file(`${folder}/a.png`), other: file(`${folder}/b.png`) } }),
    plan(2, { files: { image: file(`${folder}/c.png`) } }),
    plan(3, { files: { image: { ...file(''), source: new Uint8Array(1) } } }),
  ];
  const totals = await printPlan(plans, settings);
  expect(settings.stream.text).toContain('\nuploads   2 files of ./photos, 1 file of /srv\n');
  expect(totals.uploads).toEqual({
    files: 3,
    folders: [
      { folder, files: 2 },
      { folder: '/srv', files: 1 },
    ],
  });
});

import { resolve, sep } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type JobDraft, planJobs } from '../../../src/sources/planning/planJobs.ts';
import { requestKey } from '../../../src/sources/planning/requestKey.ts';
import type { Job } from '../../../src/types.ts';
import { collect } from '../../helpers/collect.ts';
import { jobOf } from '../../helpers/jobOf.ts';

const config = { organize: 'flat', date: '2026-11-23', priceOf: () => null };
const pathsOf = async (organize: string, jobs: readonly Job[]) =>
  (await collect(planJobs(jobs, { ...config, organize }))).map(({ path }) => path);

it('gives a job its key, price and path', async () => {
  const job = jobOf({ index: 4, input: { prompt: 'a cat', n: 2 } });
  const priceOf = (model: string, input: Job['input']) =>
    model === 'owner/name' ? Number(input.n) * 3_000 : null;
  const plans = await collect(planJobs([job], { ...config, priceOf }));
  expect(plans).toEqual([{ ...job, key: requestKey(job), priceMicroUsd: 2 * 3_000, path: '0005-a-cat' }]);
});

it('refuses a wrong template at once', () => {
  expect(() => planJobs([], { ...config, organize: '../{index}' })).toThrow('leaves the run folder');
});

it('makes equal paths unique, even those that differ only in case or form', async () => {
  const prompts = [
    'Same',
    'same',
    'same-2',
    'SAME',
    'caf\u00e9',
    'cafe\u0301',
    'ﬁn',
    'fin',
    'straße',
    'STRASSE',
  ];
  expect(
    await pathsOf(
      '{prompt}',
      prompts.map((prompt, index) => jobOf({ index, prompt })),
    ),
  ).toEqual(['Same', 'same-2', 'same-2-2', 'SAME-3', 'café', 'café-2', 'ﬁn', 'fin-2', 'straße', 'STRASSE-2']);
});

it('numbers paths that are already as long as they may be', async () => {
  const jobs = Array.from({ length: 12 }, (_, index) => jobOf({ index, prompt: 'x'.repeat(200) }));
  const paths = await pathsOf('{prompt}', jobs);
  expect(paths[0]).toBe('x'.repeat(80));
  expect(paths[1]).toBe(`${'x'.repeat(78)}-2`);
  expect(paths[11]).toBe(`${'x'.repeat(77)}-12`);
});

it('pulls no job before its plan is asked for', async () => {
  let pulled = 0;
  function* jobs() {
    for (;;) yield jobOf({ index: pulled++ });
  }
  const plans = planJobs(jobs(), config);
  await plans.next();
  expect(pulled).toBe(1);
  await plans.return();
});

const part = fc.constantFrom(
  '..',
  '/',
  '\\',
  'con',
  'CON',
  'manifest',
  '.',
  ' ',
  '\0',
  ':',
  '1',
  'a',
  'A',
  '😀',
  '-2',
  'é',
  '\ud800',
);
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(part, { maxLength: 60 }).map((parts) => parts.join('')),
);
const organize = fc.constantFrom(
  'flat',
  'prompt',
  '{prompt}',
  '{tag}/{prompt}',
  '{tag}/{prompt}/{tag}/{prompt}/{tag}/{prompt}/{tag}',
  '{tag}{prompt}{tag}',
);

it('makes paths that are safe on all systems, in the run folder and unique, for any prompt', async () => {
  const job = fc.tuple(hostile, hostile);
  await fc.assert(
    fc.asyncProperty(organize, fc.array(job, { maxLength: 20 }), async (template, texts) => {
      const paths = await pathsOf(
        template,
        texts.map(([prompt, tag], index) => jobOf({ index, prompt, tags: { tag } })),
      );
      for (const path of paths) expectSafe(path);
      expect(new Set(paths.map((path) => path.normalize('NFC').toLowerCase())).size).toBe(paths.length);
    }),
    { numRuns: 300 },
  );
});

function expectSafe(path: string): void {
  expect(resolve('/run', path).startsWith(`/run${sep}`)).toBe(true);
  expect(Buffer.byteLength(path)).toBeLessThanOrEqual(200);
  expect(path).not.toMatch(/^(manifest|report|gallery|contact-sheet|run|campaign_report|stdin)(\/|$)/i);
  for (const segment of path.split('/')) {
    expect(segment).not.toMatch(/[<>:"\\|?*\p{Cc}\p{Cs}]|--|^\s|[\s.]$|^$|^\.+$/u);
    expect(segment).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
    expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(80);
  }
}

it('marks results that equal jobs may share', async () => {
  const seeded = jobOf({ index: 0, input: { prompt: 'a', seed: 1 } });
  const unseeded = jobOf({ index: 1, input: { prompt: 'a' } });
  const plans = await collect(planJobs([seeded, unseeded], config));
  expect(plans.map(({ resultKey }) => resultKey)).toEqual([requestKey(seeded), undefined]);
  const all = await collect(planJobs([seeded, unseeded], { ...config, reuseUnseeded: true }));
  expect(all[1]?.resultKey).toMatch(/^[0-9a-f]{64}$/);
});

it('needs no more than a model and an input', async () => {
  const model = 'black-forest-labs/flux-schnell';
  const drafts = [
    { model, input: { prompt: 'an owl', num_outputs: 2 } },
    { model: 'owner/unknown', input: { image: 'cat.png' }, tags: { set: 'b' } },
  ];
  const whole = (draft: JobDraft, index: number): Job => ({
    index,
    prompt: index === 0 ? 'an owl' : '',
    version: null,
    tags: {},
    renditions: [],
    ...draft,
  });
  const expected = drafts.map(whole);
  expect(await collect(planJobs(drafts))).toEqual([
    { ...expected[0], key: requestKey(expected[0]!), priceMicroUsd: 2 * 3_000, path: '0001-an-owl' },
    { ...expected[1], key: requestKey(expected[1]!), priceMicroUsd: null, path: '0002-cat' },
  ]);
});

it('names folders after today, unless a day is given', async () => {
  const before = new Date().toISOString().slice(0, 10);
  const [plan] = await collect(planJobs([jobOf()], { organize: '{date}/{index}' }));
  const after = new Date().toISOString().slice(0, 10);
  expect([`${before}/1`, `${after}/1`]).toContain(plan?.path);
});

it('gives a request without a version the key of its newest', () => {
  const request = { model: 'owner/name', input: { prompt: 'an owl' } };
  expect(requestKey(request)).toBe(requestKey({ ...request, version: null }));
});

it('refuses files that the input has no text for, and values that are no files', async () => {
  const file = { source: 'x.png', name: 'x.png', bytes: 3, sha256: 'ab', mediaType: 'image/png' };
  const good = { model: 'owner/name', input: { image: ['x.png'] }, files: { 'image[0]': file } };
  const refusal = (draft: object) =>
    collect(planJobs([good, { ...good, ...draft }])).then(String, ({ name, message, suggestion }) => ({
      name,
      message,
      suggestion,
    }));
  expect(await collect(planJobs([good]))).toMatchObject([{ files: { 'image[0]': file } }]);
  expect(await refusal({ input: { prompt: 'b' } })).toEqual({
    name: 'UsageError',
    message: 'Expected the paths in `files` of job 2 to be texts of its input, which has no `image[0]`',
    suggestion: 'Put a text into the input for each file, such as its name: the file replaces it.',
  });
  expect(await refusal({ files: { 'images[0]': file } })).toMatchObject({
    suggestion: 'Did you mean `image[0]`?',
  });
  expect(await refusal({ files: { 'image[0]': null } })).toMatchObject({
    name: 'UsageError',
    message: 'Expected `image[0]` in `files` of job 2 to be an input file, got null',
  });
});

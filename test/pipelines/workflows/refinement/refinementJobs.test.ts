import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  expectedParents,
  type RefinementParent,
  refinementJobs,
} from '../../../../src/pipelines/workflows/refinement/jobs.ts';
import type { RefinementSpec } from '../../../../src/pipelines/workflows/refinement/spec.ts';
import {
  refinementSpecSchema,
  refinementTotal,
} from '../../../../src/pipelines/workflows/refinement/spec.ts';
import { requestKey } from '../../../../src/sources/planning/requestKey.ts';
import type { Job, ModelSchema } from '../../../../src/types.ts';
import { collect } from '../../../helpers/collect.ts';
import { contextOf } from '../../../helpers/contextOf.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
});
afterEach(() => rm(folder, { recursive: true }));

const refining: ModelSchema = {
  required: ['prompt'],
  properties: {
    prompt: { type: 'string' },
    seed: { type: 'integer' },
    image_input: { type: 'array', items: { type: 'string', format: 'uri' } },
    strength: { type: 'number', minimum: 0, maximum: 1 },
  },
};
const contexts = [
  contextOf({ seed: 'auto' }),
  contextOf({ model: 'owner/refiner', schema: refining, seed: 'auto' }),
] as const;
const specOf = (changes: object = {}): RefinementSpec =>
  refinementSpecSchema.parse({
    ...{ prompt: 'a cat', candidates: 4, keep: 2, children: 2, rounds: 2, score: 'contrast' },
    ...changes,
  });
async function parent(index: number, content: string): Promise<RefinementParent> {
  const file = join(folder, `${index}.png`);
  await writeFile(file, content);
  return { index, picture: `round-0/${index}.png`, file };
}
const jobsOf = (spec: RefinementSpec, rounds: readonly (readonly RefinementParent[])[]): Promise<Job[]> =>
  collect(refinementJobs(spec, contexts, rounds));

it('gives each parent its children at indexes that depend only on the round', async () => {
  const [a, b] = [await parent(2, 'a'), await parent(1, 'b')];
  const spec = specOf({
    promptStrength: [0.8, 0.3],
    refinePrompt: '{prompt}, at $& night',
    input: { aspect_ratio: '16:9' },
  });
  // Only one was saved in the second round, so two indexes stay unused; the first parent is still
  // the best.
  const jobs = await jobsOf(spec, [[a, b], [a]]);
  expect(jobs.map(({ index, tags }) => [index, tags])).toEqual([
    ...[0, 1, 2, 3].map((index) => [index, { round: '0' }]),
    [4, { round: '1', parent: '3' }],
    [5, { round: '1', parent: '3' }],
    [6, { round: '1', parent: '2' }],
    [7, { round: '1', parent: '2' }],
    [8, { round: '2', parent: '3' }],
    [9, { round: '2', parent: '3' }],
  ]);
  expect(jobs[0]?.input).toMatchObject({ prompt: 'a cat', aspect_ratio: '16:9' });
  expect(jobs[6]).toMatchObject({
    model: 'owner/refiner',
    prompt: 'a cat, at $& night',
    input: { prompt: 'a cat, at $& night', image_input: ['round-0/1.png'], strength: 0.8 },
    files: { 'image_input[0]': { source: join(folder, '1.png') } },
  });
  expect(jobs[6]?.input).not.toHaveProperty('aspect_ratio');
  expect(jobs[8]?.input.strength).toBe(0.3);
});

it('makes no two identical requests for any seeds, and the same ones again', async () => {
  const [a, b] = [await parent(0, 'a'), await parent(1, 'b')];
  for (const changes of [{}, { input: { seed: 5 } }]) {
    const rounds = [
      [a, b],
      [a, b],
    ];
    const keys = (await jobsOf(specOf(changes), rounds)).map(requestKey);
    expect(new Set(keys).size).toBe(12);
    expect((await jobsOf(specOf(changes), rounds)).map(requestKey)).toEqual(keys);
    // Later decisions do not change earlier plans.
    expect((await jobsOf(specOf(changes), rounds.slice(0, 1))).map(requestKey)).toEqual(keys.slice(0, 8));
  }
});

it('plans all rounds with placeholders for images that do not exist yet', async () => {
  const spec = specOf();
  const jobs = await jobsOf(spec, expectedParents(spec));
  expect(jobs).toHaveLength(refinementTotal(spec));
  expect(jobs.at(-1)).toMatchObject({
    index: 11,
    tags: { round: '2', parent: '?' },
    input: { image_input: ['(the number 2 after round 1)'] },
  });
  expect(jobs.every(({ files }) => files === undefined)).toBe(true);
});

it('refuses models that do not take their inputs', () => {
  const jobs = (changes: object, models = [contexts[0], contexts[1]] as const) =>
    refinementJobs(specOf(changes), models, []);
  expect(() => jobs({}, [contexts[0], contexts[0]])).toThrow(
    'refineModel: Expected a model that takes a picture',
  );
  expect(() => jobs({ input: { aspect: '1:1' } })).toThrow('Expected an input of owner/name, got `aspect`');
  const { strength: _, ...properties } = refining.properties;
  const weak = contextOf({ schema: { ...refining, properties } });
  expect(() => jobs({ promptStrength: 0.5 }, [contexts[0], weak])).toThrow('prompt_strength');
  const needy = contextOf({ schema: { ...refining, required: ['prompt', 'mask'] } });
  expect(() => jobs({}, [contexts[0], needy])).toThrow('owner/name requires a value for `mask`');
});

it('reports the path of a missing parent’s image', async () => {
  const gone = { index: 0, picture: 'gone.png', file: join(folder, 'gone.png') };
  await expect(jobsOf(specOf(), [[gone]])).rejects.toThrow(`Expected a file at ${join(folder, 'gone.png')}`);
});

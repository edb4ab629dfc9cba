import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { UsageError } from '../../../../src/errors.ts';
import { readRefinementSpec } from '../../../../src/pipelines/workflows/refinement/spec.ts';
import { tempFile } from '../../../helpers/tempFile.ts';

const least = 'prompt: a cat\ncandidates: 4\nkeep: 2\nchildren: 3\nrounds: 2\nscore: sharpness\n';
const reading = async (content: string) => readRefinementSpec(await tempFile('r.yaml', content));
const faultsOf = async (content: string) => {
  const error: unknown = await reading(content).catch((thrown: unknown) => thrown);
  if (!(error instanceof UsageError)) throw error;
  return error.message
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
};

it('reads the least there can be', async () => {
  expect(await reading(least)).toEqual({
    ...{ name: null, model: null, input: {}, renditions: [], count: null, seed: null },
    ...{ budgetUsd: null, priceUsd: null, organize: 'round-{round}/{index:04}-{slug}' },
    ...{ prompt: 'a cat', candidates: 4, keep: 2, children: 3, rounds: 2, strengths: [] },
    ...{ score: { sharpness: 1 }, stopAtScore: null, best: 2 },
    ...{ refineModel: null, refinePrompt: null, refineInput: null },
  });
});

it.each([
  ['of a prompt and a score alone', '', { candidates: 10, keep: 3, children: 2, rounds: 2, best: 3 }],
  ['of few candidates', 'candidates: 2\n', { candidates: 2, keep: 2, best: 2 }],
  ['of many to keep', 'keep: 5\n', { candidates: 10, keep: 5, best: 5 }],
  ['without copies', 'best: 0\n', { keep: 3, best: 0 }],
])('has defaults %s', async (_, given, expected) => {
  expect(await reading(`prompt: a cat\nscore: sharpness\n${given}`)).toMatchObject(expected);
});

it('reads the example', async () => {
  const spec = await readRefinementSpec(
    fileURLToPath(new URL('../../../../examples/night-harbour.yaml', import.meta.url)),
  );
  expect(spec).toMatchObject({ candidates: 10, keep: 3, children: 2, rounds: 2, strengths: [0.7, 0.45] });
});

it('takes one strength for all rounds', async () => {
  expect((await reading(`${least}promptStrength: 0.5\n`)).strengths).toEqual([0.5]);
});

it('takes a model as the judge', async () => {
  const score = '{ model: owner/judge, input: { prompt: "Rate {prompt}" }, priceUsd: 0.002 }';
  const { score: read } = await reading(least.replace('sharpness', score));
  expect(read).toEqual({ model: 'owner/judge', input: { prompt: 'Rate {prompt}' }, priceUsd: 0.002 });
  const bare = await reading(least.replace('sharpness', '{ model: owner/judge }'));
  expect(bare.score).toEqual({ model: 'owner/judge', input: {}, priceUsd: null });
});

it.each([
  [
    '{ model: judge }',
    'line 6: score.model: Expected owner/name, owner/name:version or deployments/owner/name, got "judge"',
  ],
  ['{ modle: owner/judge }', 'line 6: score.modle: Unknown key; did you mean model?'],
  ['{ sharpnes: 1 }', 'line 6: score.sharpnes: Unknown key; did you mean sharpness?'],
  [
    '{ model: owner/judge, contrast: 1 }',
    'line 6: score: Measures and a model cannot be used together; remove one of them',
  ],
  [
    '{ contrast: 1, priceUsd: 1 }',
    'line 6: score: input: and priceUsd: are only for a model; name it as model:',
  ],
  ['{ contrast: 0 }', 'line 6: score: Expected a weight above 0 for at least one measure'],
  ['{}', 'line 6: score: Expected a weight above 0 for at least one measure'],
])('names the mistake in the score %s', async (score, expected) => {
  expect(await faultsOf(least.replace('sharpness', score))).toContain(expected);
});

it.each([
  [least.replace('candidates', 'candidate'), ['line 2: candidate: Unknown key; did you mean candidates?']],
  [
    least.replace('keep: 2', 'keep: 5'),
    ['line 3: keep: Expected at most the number of candidates (4), got 5'],
  ],
  [
    `${least}promptStrength: [0.7, 0.5, 0.3]\n`,
    ['line 7: promptStrength: Expected at most one value per round (2), got 3'],
  ],
  [
    least.replace('children: 3', 'children: 300'),
    ['line 4: children: Expected at most 500 images per round, got 2 x 300'],
  ],
  [
    `${least}refinePrompt: "{prompt}, {style}"\n`,
    [
      'line 7: refinePrompt: Expected only the placeholder {prompt}, which stands for the prompt of the candidates',
    ],
  ],
])('names the mistake in %j', async (content, expected) => {
  expect(await faultsOf(content)).toEqual(expect.arrayContaining(expected));
});

it('reports that a refinement requires a score', async () => {
  expect(await faultsOf('prompt: a cat\n')).toEqual([
    'score: Expected a measure, weights such as { contrast: 1 }, or a model, got nothing: a refinement requires it',
  ]);
});

it('reports an unknown score, and a field that refinements do not have', async () => {
  const faults = await faultsOf(`${least.replace('sharpness', 'sharpnes')}count: 2\n`);
  expect(faults.join('\n')).toContain('line 6: score');
  expect(faults.join('\n')).toContain('count');
});

import { expect, it } from 'vitest';
import { extendGrid } from '../../../../src/pipelines/workflows/grid/growth.ts';
import { gridJobs, gridOrganize } from '../../../../src/pipelines/workflows/grid/jobs.ts';
import { readGridSpec } from '../../../../src/pipelines/workflows/grid/spec.ts';
import type { Job } from '../../../../src/types.ts';
import { collect } from '../../../helpers/collect.ts';
import { contextOf } from '../../../helpers/contextOf.ts';
import { tempFile } from '../../../helpers/tempFile.ts';

const read = async (yaml: string) => readGridSpec(await tempFile('grid.yaml', yaml));

async function jobsOf(yaml: string): Promise<Job[]> {
  const grown = extendGrid(await read(yaml), 1, null);
  return collect(gridJobs(grown, [contextOf({ seed: 'auto' })]));
}

it('reads words, inputs, lists side by side and alternatives', async () => {
  const jobs = await jobsOf(`
prompt: "a {pot} on {table:oak|linen}, {light}"
axes:
  pot: [{ name: tall, value: very tall jug }, cup]
  guidance: [2.5]
zip:
  light: [low morning sun, noon]
  aspect_ratio: ["1:1", "16:9"]
input: { go_fast: true }
`);
  expect(jobs).toHaveLength(8);
  expect(jobs[2]).toMatchObject({
    index: 2,
    prompt: 'a very tall jug on oak, noon',
    input: { guidance: 2.5, aspect_ratio: '16:9', go_fast: true },
    tags: { pot: 'tall', guidance: '2.5', light: 'noon', aspect_ratio: '16:9', table: 'oak' },
  });
  expect(jobs[0]?.tags.light).toBe('low-morning-sun');
  expect(new Set(jobs.map(({ input }) => input.seed)).size).toBe(8);
});

it('takes prompts as an axis, and numbers those with the same beginning', async () => {
  const jobs = await jobsOf(`
axes:
  prompt:
    - one two three four five six seven
    - one two three four five six eight
`);
  expect(jobs.map(({ tags }) => tags.prompt)).toEqual([
    'one-two-three-four-five-six',
    'one-two-three-four-five-six-2',
  ]);
  expect(jobs[1]?.prompt).toBe('one two three four five six eight');
});

it.each([
  ['{ pot: [a] }', '{index:04}-{pot}'],
  ['{ pot: [a], guidance: [1.5] }', '{pot}/{index:04}-guidance-{guidance}'],
  ['{ pot: [a], go_fast: [true], prompt: [x], mug: [y] }', '{pot}/go_fast-{go_fast}/{index:04}-{slug}-{mug}'],
])('organises %s', async (axes, organize) => {
  const spec = await read(`prompt: "{pot}${axes.includes('mug') ? ' {prompt} {mug}' : ''}"\naxes: ${axes}`);
  expect(gridOrganize(spec.axes)).toBe(organize);
});

it.each([
  ['axes: { pot: [a] }\npromt: x', 'line 2: promt: Unknown key; did you mean prompt?'],
  [
    'prompt: "{pott}"\naxes: { pot: [a] }',
    'line 1: prompt: Expected a list under axes: for each placeholder, got none for {pott}; did you mean {pot}?',
  ],
  [
    'prompt: "{lite}"\naxes: { light: [a], pot: [b] }',
    'line 1: prompt: Expected a list under axes: for each placeholder, got none for {lite}; did you mean {light}?',
  ],
  ['prompt: "a {b"', 'line 1: prompt: Expected {name}'],
  ['prompt: a\naxes: { seed: [1, 1] }', 'line 2: axes.seed: The value 1 appears twice; give each value once'],
  ['prompt: a\naxes: { seed: [] }', 'line 2: axes.seed: Expected at least one value'],
  ['prompt: "{b}"\naxes:\n  b: [[1]]', 'line 3: axes.b: Expected a text, as the prompt has {b}, got [1]'],
  [
    'prompt: a\nzip:\n  seed: [1, 2]\n  guidance: [1]',
    'line 3: zip: Expected lists of the same length, got seed with 2 and guidance with 1',
  ],
  [
    'prompt: a\naxes: { seed: [1] }\ninput: { seed: 2 }',
    'axes.seed: `seed` is given twice in the spec; remove one of the two',
  ],
  [
    'prompt: a\naxes: { model: [flux] }',
    'axes.model[0]: Expected owner/name, owner/name:version or deployments/owner/name, got "flux"',
  ],
  ['axes: { seed: [1] }', 'Expected a prompt, or a list of prompts under axes: prompt:'],
  ['prompt: a\naxes: { 1x: [1] }', 'Expected letters, digits and _'],
])('names the mistake and its path: %j', async (yaml, message) => {
  await expect(read(yaml)).rejects.toThrow(message);
});

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withRightCommand, wordsFor } from '../../../src/cli/batch/rightCommand.ts';
import { UsageError } from '../../../src/errors.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-right-'));
  await writeFile(join(folder, 'prompts.txt'), 'a fox\n');
  await writeFile(join(folder, 'list.yaml'), '- a fox\n');
  await writeFile(join(folder, 'broken.yaml'), 'a: [\n');
  await writeFile(join(folder, 'run.json'), '{"service":null,"input":null}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const wrong = new UsageError('wrong');

async function righted(name: string, path: string, ...flags: string[]): Promise<string[]> {
  const error = await withRightCommand(wrong, name, { inputs: [path], argv: [path, ...flags] });
  return error instanceof UsageError ? [error.message, error.suggestion] : [String(error)];
}

it.each([
  ['cover-styles', 'styles'],
  ['lighthouse-variations', 'variations'],
  ['model-shootout', 'compare'],
  ['night-harbour', 'refine'],
  ['outdoor-scenes', 'compose'],
  ['shop-banners', 'grid'],
  ['summer-launch', 'campaign'],
  ['teapots', 'grid'],
])('knows the command of examples/%s.yaml: %s', async (name, command) => {
  const path = `examples/${name}.yaml`;
  expect(await wordsFor(path)).toBe(`npx tsx pipelines/${command}.ts ${path}`);
  expect(await righted(command, path)).toEqual(['wrong', '']);
});

it('knows every spec of examples/', async () => {
  const specs = (await readdir('examples')).filter((name) => name.endsWith('.yaml'));
  expect((await Promise.all(specs.map((name) => wordsFor(`examples/${name}`)))).includes(null)).toBe(false);
});

it('reads one prompt without a list as a prompt, not as a grid', async () => {
  const path = join(folder, 'one.json');
  await writeFile(path, '{"prompt": "a fox"}');
  expect(await righted('generate', path)).toEqual(['wrong', '']);
  await writeFile(path, '{"prompt": "a {animal}", "axes": {"animal": ["fox", "owl"]}}');
  expect((await righted('generate', path))[0]).toContain('got a grid spec');
});

it('names the right command, with the words that were typed', async () => {
  const spec = 'examples/summer-launch.yaml';
  expect(await righted('generate', spec, '--count', '2')).toEqual([
    `${spec}: Expected prompts, got a campaign spec`,
    `Did you mean \`npx tsx pipelines/campaign.ts ${spec} --count 2\`?`,
  ]);
  const prompts = join(folder, 'prompts.txt');
  expect(await righted('campaign', prompts)).toEqual([
    `${prompts}: Expected a campaign spec, got a prompt file`,
    `Did you mean \`npx tsx pipelines/generate.ts ${prompts}\`?`,
  ]);
  const list = join(folder, 'list.yaml');
  expect((await righted('grid', list))[0]).toBe(`${list}: Expected a grid spec, got a list of prompts`);
});

it('leaves the error about a spec of the command itself that lacks a key', async () => {
  const path = join(folder, 'harbour.yaml');
  for (const content of ['prompt: a harbour\n', 'prompt: a harbour\ncandidates: 4\nkeep: 2\nrounds: 1\n']) {
    await writeFile(path, content);
    expect(await righted('refine', path)).toEqual(['wrong', '']);
  }
  await writeFile(path, 'prompt: "a {time} harbour"\naxes: { time: [early, late] }\n');
  expect((await righted('refine', path))[0]).toContain('Expected a refinement spec, got a grid spec');
});

it('distinguishes a run folder from files', async () => {
  expect(await righted('generate', folder)).toEqual([
    `${folder}: Expected prompts, got the folder of a run`,
    `Did you mean \`npx tsx pipelines/retry-failed.ts ${folder}\`?`,
  ]);
  expect((await righted('collect', 'examples/teapots.yaml'))[0]).toBe(
    'examples/teapots.yaml: Expected the folder of a run, got a grid spec',
  );
  expect(await righted('collect', folder)).toEqual(['wrong', '']);
});

it.each(['nonesuch.yaml', 'package.json', '-', 'src'])('leaves the error about %s as it is', async (path) => {
  expect(await righted('campaign', path)).toEqual(['wrong', '']);
});

it('leaves errors as they are if the input is broken or does not matter', async () => {
  expect(await righted('campaign', join(folder, 'broken.yaml'))).toEqual(['wrong', '']);
  const fault = new Error('a fault');
  const argv = ['examples/teapots.yaml'];
  expect(await withRightCommand(fault, 'generate', { inputs: argv, argv })).toBe(fault);
  expect(await withRightCommand(wrong, 'generate', { inputs: [], argv: [] })).toBe(wrong);
});

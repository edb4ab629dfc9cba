import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { InvalidRowsError } from '../../../src/errors.ts';
import { readCampaignSpec } from '../../../src/pipelines/workflows/campaign/spec.ts';
import { readCompareSpec } from '../../../src/pipelines/workflows/compare.ts';
import { readRefinementSpec } from '../../../src/pipelines/workflows/refinement/spec.ts';
import { type ScriptRun, type Scripts, scriptsInFolder } from '../../helpers/scriptsInFolder.ts';
import { tempFolder } from '../../helpers/tempFile.ts';

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>';
const flux = '--model black-forest-labs/flux-dev';

/** A picture in each place: beside the input, and where an input may not point. */
async function withPictures(): Promise<Scripts> {
  const scripts = await scriptsInFolder();
  await mkdir(join(scripts.root, 'photos'));
  await writeFile(join(scripts.root, 'photos/own.svg'), svg);
  return scripts;
}

/** Each workflow, from an input that names a picture. */
const workflows: Readonly<
  Record<string, (scripts: Scripts, picture: string, flags: string) => Promise<ScriptRun>>
> = {
  'generate, from CSV': (scripts, picture, flags) =>
    scripts.generate(`prompt,image\na cat,${picture}\n`, `${flux} ${flags}`),
  'grid, as an input': (scripts, picture, flags) =>
    scripts.grid(`prompt: a cat\ninput: {image: ${picture}}\n`, `${flux} ${flags}`),
  'grid, as an axis': (scripts, picture, flags) =>
    scripts.grid(`prompt: a cat\naxes: {image: ["${picture}"]}\n`, `${flux} ${flags}`),
  'grid, as an overlay': (scripts, picture, flags) =>
    scripts.grid(
      `prompt: a cat\nrenditions: [{name: a, width: 8, height: 8, overlay: {file: "${picture}"}}]\n`,
      `${flux} ${flags}`,
    ),
};

describe.each(Object.entries(workflows))('%s', (_name, start) => {
  it('sends a file beside the input, and no other unless it is allowed', async () => {
    const scripts = await withPictures();
    const outside = await tempFolder();
    await writeFile(join(outside, 'secret.svg'), svg);
    await symlink(join(outside, 'secret.svg'), join(scripts.root, 'innocent.svg'));
    expect(await start(scripts, 'photos/own.svg', '')).toMatchObject({ code: 0, error: null });
    const uploads = () => scripts.simulator.stats().requests.file;
    const before = uploads();
    const above = relative(scripts.root, join(outside, 'secret.svg'));
    for (const picture of [join(outside, 'secret.svg'), above, 'innocent.svg']) {
      const refused = await start(scripts, picture, '');
      expect(refused).toMatchObject({ code: null, made: 0 });
      const { problems = [], message } = refused.error as Partial<InvalidRowsError> & Error;
      expect(problems[0]?.message ?? message, picture).toContain('--allow-files');
    }
    expect(uploads()).toBe(before);
    const allowed = await start(scripts, 'innocent.svg', `--allow-files ${outside}`);
    expect(allowed).toMatchObject({ code: 0, error: null });
  });
});

it('takes files named by --input from anywhere', async () => {
  const scripts = await withPictures();
  const elsewhere = await withPictures();
  const path = join(elsewhere.root, 'photos/own.svg');
  expect(await scripts.generate(['a cat'], `${flux} --input image=${path}`)).toMatchObject({
    code: 0,
    made: 1,
  });
  const spec = 'prompt: a cat\ncandidates: 1\nkeep: 1\nchildren: 1\nrounds: 1\nscore: sharpness\n';
  const other = await withPictures();
  expect(await other.refine(spec, `--input image=${path}`)).toMatchObject({ code: 0 });
});

it.each([
  ['a campaign', readCampaignSpec, 'theme: t\nplatforms: [instagram_post]\nvariations: [a]\n'],
  ['a comparison', readCompareSpec, 'prompts: [a]\nmodels: [a/b]\n'],
  [
    'a refinement',
    readRefinementSpec,
    'prompt: a\ncandidates: 1\nkeep: 1\nchildren: 1\nrounds: 1\nscore: sharpness\n',
  ],
])('%s draws overlays of its own folder only', async (_what, read, content) => {
  const scripts = await withPictures();
  const other = await withPictures();
  const overlay = join(other.root, 'photos/own.svg');
  const path = join(scripts.root, 'spec.yaml');
  await writeFile(
    path,
    `${content}renditions: [{name: a, width: 8, height: 8, overlay: {file: ${overlay}}}]\n`,
  );
  await expect(read(path)).rejects.toThrow(
    `${path}: Expected a file in ${scripts.root} or below, got ${overlay}`,
  );
  expect(await read(path, { allowFiles: [other.root] })).toMatchObject({ renditions: [{ name: 'a' }] });
});

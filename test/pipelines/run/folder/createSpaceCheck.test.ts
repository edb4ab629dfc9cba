import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import type { FreeSpace } from '../../../../src/disk/freeSpace.ts';
import { UsageError } from '../../../../src/errors.ts';
import { createSpaceCheck } from '../../../../src/pipelines/run/folder/spaceCheck.ts';
import type { RunSettings } from '../../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../../src/pipelines/runToFolder.ts';
import { parseRendition } from '../../../../src/renditions/notation.ts';
import type { Plan } from '../../../../src/types.ts';
import { aPlan, succeeding } from '../../../helpers/runOf.ts';
import { tempFolder } from '../../../helpers/tempFile.ts';

const MB = 1_000_000;

interface Case {
  jobs?: number;
  plan?: Partial<Plan>;
  settings?: Partial<RunSettings>;
  /** Indexes below this are saved. */
  saved?: number;
  chosen?: (index: number) => boolean;
  service?: string;
  /** Plans that are read before the check, at most. */
  readUpTo?: number;
}

/** Returns the warning of a run on a disk with this room, `refused: …`, or `fine`. */
async function verdict(
  space: FreeSpace | null,
  { jobs = 100, plan, settings, saved = 0, chosen, service = 'replicate', readUpTo = 1_000 }: Case = {},
) {
  const warnings: string[] = [];
  let read = 0;
  const plans = function* () {
    for (let index = 0; index < jobs; index += 1) {
      read += 1;
      yield aPlan(index, plan);
    }
  };
  const run = {
    isSaved: ({ index }: Plan) => index < saved,
    isChosen: chosen ?? (() => true),
    config: { service },
  };
  try {
    const check = createSpaceCheck(run, { folder: '/run', ...settings, freeSpaceOf: async () => space });
    for await (const _plan of check.watch(plans)()) if (read === readUpTo) break;
    await check.expect(jobs - saved, (message) => warnings.push(message));
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return `refused: ${error instanceof Error ? error.message : ''}`;
  }
  return warnings.join() || 'fine';
}
const room = (bytes: number, files: number | null = null): FreeSpace => ({ bytes, files });
const png = { input: { prompt: 'a cat', output_format: 'png' } };
const thumb = { renditions: [parseRendition('thumb=1000x1000,png')] };

it.each<[string, FreeSpace | null, Case, string | RegExp]>([
  ['there is ample room', room(100_000 * MB), {}, 'fine'],
  ['the file system says nothing', null, {}, 'fine'],
  ['nothing is left to make', room(1), { saved: 100 }, 'fine'],
  ['nothing is stored now', room(1), { settings: { detach: true } }, 'fine'],
  ['100 images take about 28 MB', room(29 * MB), {}, 'fine'],
  [
    'they do not fit',
    room(27 * MB),
    {},
    /^The disk may become full: 100 images will take about 28 MB, and 27 MB are free\./,
  ],
  [
    'a PNG is larger',
    room(100 * MB),
    { plan: png },
    /100 images will take about 143 MB, and 100 MB are free/,
  ],
  ['renditions count', room(100 * MB), { plan: thumb }, /will take about 168 MB/],
  ['untouched originals count', room(50 * MB), { settings: { keepOriginals: true } }, /about 53 MB/],
  [
    'outputs count',
    room(90 * MB),
    { plan: { input: { num_outputs: 4 } } },
    /400 images will take about 110 MB/,
  ],
  ['saved jobs do not', room(27 * MB), { saved: 10 }, 'fine'],
  ['jobs that are not chosen do not', room(27 * MB), { chosen: (index) => index < 50 }, 'fine'],
  [
    'most jobs are like the first ones',
    room(500 * MB),
    { jobs: 10_000 },
    /10,000 images will take about 2.8 GB, and 500 MB are free/,
  ],
  [
    'most jobs are like the first ones, also if all are read',
    room(500 * MB),
    { jobs: 10_000, readUpTo: 10_000 },
    /10,000 images will take about 2.8 GB/,
  ],
  ['there are no plans', room(1), { jobs: 0 }, 'fine'],
  ['images are deleted once they are elsewhere', room(21 * MB), { settings: { deleteLocal: true } }, 'fine'],
  [
    'not even its lists fit',
    room(19 * MB),
    { jobs: 1 },
    'refused: Too little room for the images of this run in /run: 19 MB are free.',
  ],
  [
    'the smallest images do not fit',
    room(24 * MB),
    { jobs: 500 },
    'refused: Too little room for the images of this run in /run: 24 MB are free.',
  ],
  ['they do not fit, and are deleted later', room(19 * MB), { settings: { deleteLocal: true } }, /^refused/],
  [
    'a simulator draws them',
    room(200_000),
    { service: 'simulator' },
    /^The disk may become full: 100 images will take about 28 MB, and 0.2 MB are free/,
  ],
  [
    'files are short',
    room(900 * MB, 290),
    {},
    /^The disk may run out of files: 100 images will take about 300 files, and 290 more files can be made there/,
  ],
  [
    'files are too few for the originals',
    room(900 * MB, 99),
    {},
    'refused: Too little room for the images of this run in /run: 900 MB are free, and 99 more files can be made.',
  ],
  ['there are files for all', room(900 * MB, 300), {}, 'fine'],
])('judges the room before a run if %s', async (_what, space, wishes, expected) => {
  const text = await verdict(space, wishes);
  if (typeof expected === 'string') expect(text).toBe(expected);
  else expect(text).toMatch(expected);
});

it('refuses a run before anything is paid', async () => {
  const folder = join(await tempFolder(), 'run');
  const provider = succeeding();
  const settings = { folder, provider, freeSpaceOf: async () => room(5 * MB) };
  const end = lastValueFrom(runToFolder(() => [aPlan(0)], settings));
  await expect(end).rejects.toMatchObject({
    code: 'ERR_USAGE',
    suggestion: expect.stringContaining('--out'),
  });
  expect(provider.made).toEqual([]);
  expect(existsSync(join(folder, 'manifest.json'))).toBe(false);
});

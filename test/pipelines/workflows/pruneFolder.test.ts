import { copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { afterEach, expect, it } from 'vitest';
import { prune } from '../../../src/cli/commands/folders/prune.ts';
import { leaseFolder } from '../../../src/pipelines/run/folder/leaseFolder.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { pruneFolder } from '../../../src/pipelines/workflows/pruneFolder.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/index.ts';
import type { Outcome } from '../../../src/types.ts';
import { FakeStream } from '../../helpers/fakeStream.ts';
import { FileTurns, useFileTurns } from '../../helpers/fileTurns.ts';
import { aPlan } from '../../helpers/runOf.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

useFileTurns();
const folder = temporaryFolder();
let simulator: Simulator;
afterEach(() => simulator.close());

const model = 'black-forest-labs/flux-dev';
const thumb = { name: 'thumb', widthPx: 8, heightPx: 8, fit: 'cover', format: 'webp', quality: 80 } as const;
const plans = () =>
  [0, 1].map((index) =>
    aPlan(index, { model, input: { prompt: `a pear ${index}`, seed: index }, renditions: [thumb] }),
  );

/** A run folder, with leftovers and with files of the user's; returns the paths of an original. */
async function usedFolder() {
  simulator = await startSimulator({ render: 'fast', speed: 50, coldStarts: false });
  const provider = createReplicateProvider(simulator);
  await lastValueFrom(runToFolder(plans, { folder: folder(), provider, gallery: false }));
  const { outcomes }: { outcomes: Outcome[] } = JSON.parse(await readFile(at('manifest.json'), 'utf8'));
  const [original = '', rendition = ''] = outcomes[0]?.files.map(({ path }) => path) ?? [];
  const stem = original.replace(/\.\w+$/, '');
  await mkdir(at('.thumbs'));
  await mkdir(at('unused/7'), { recursive: true });
  await writeFile(at('.thumbs/0123.webp'), 'old');
  await writeFile(at('x.webp.1234.rxposure.part'), 'half');
  await copyFile(at(rendition), at(`${stem}--old.webp`));
  await copyFile(at(rendition), at('unused/7/paid.webp'));
  // The user's own: a copy, an edited one without provenance, a link.
  await copyFile(at(rendition), at('my-favourite--of-all.webp'));
  await writeFile(at(`${stem}--mine.png`), 'drawn by hand');
  await symlink(at(rendition), at(`${stem}--link.webp`));
  return { stem };
}

const at = (path: string) => join(folder(), path);
const all = async () => (await readdir(folder(), { recursive: true })).sort();

it('finds files that no outcome needs, and deletes nothing by itself', async () => {
  const { stem } = await usedFolder();
  const before = await all();
  const found = await pruneFolder({ folder: folder() });
  expect(found.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
    `renditions ${stem}--old.webp`,
    'thumbnails .thumbs/0123.webp',
    'unfinished x.webp.1234.rxposure.part',
  ]);
  expect(found.find(({ kind }) => kind === 'thumbnails')?.bytes).toBe(3);
  expect(await all()).toEqual(before);
});

it('deletes exactly that', async () => {
  const { stem } = await usedFolder();
  const before = await all();
  const stdout = new FakeStream();
  expect(await prune(folder(), {}, { stdout })).toBe(0);
  expect(stdout.lines.at(-1)).toMatch(/^Nothing was deleted\. --yes deletes 3 files, \d+ kB\.$/);
  expect(await prune(folder(), { yes: true }, { stdout })).toBe(0);
  expect(stdout.lines.at(-1)).toMatch(/^Deleted 3 files, \d+ kB\.$/);
  const gone = new Set([`${stem}--old.webp`, '.thumbs/0123.webp', 'x.webp.1234.rxposure.part']);
  expect(await all()).toEqual(before.filter((path) => !gone.has(path)));
  await prune(folder(), {}, { stdout });
  expect(stdout.lines.at(-1)).toBe('There is nothing to delete.');
});

it('deletes paid results only on demand', async () => {
  await usedFolder();
  await pruneFolder({ folder: folder(), remove: true });
  const found = await pruneFolder({ folder: folder(), unused: true, remove: true });
  expect(found.map(({ path }) => path)).toEqual(['unused/7/paid.webp']);
  expect(await all()).not.toContain('unused/7/paid.webp');
});

it('finds the files of unused results in originals/, too', async () => {
  simulator = await startSimulator({ render: 'fast', speed: 50, coldStarts: false });
  const provider = createReplicateProvider(simulator);
  const run = (jobs: () => ReturnType<typeof plans>) =>
    lastValueFrom(runToFolder(jobs, { folder: folder(), provider, gallery: false, keepOriginals: true }));
  await run(plans);
  await run(() => plans().slice(0, 1));
  expect(await pruneFolder({ folder: folder() })).toEqual([]);
  const found = await pruneFolder({ folder: folder(), unused: true, remove: true });
  expect(found.map(({ path }) => path.replace(/\/\d+\//, '/ID/')).sort()).toEqual([
    'originals/unused/ID/0001.webp',
    'unused/ID/0001--thumb.webp',
    'unused/ID/0001.json',
    'unused/ID/0001.webp',
  ]);
});

it('leaves a folder alone that a run is in', async () => {
  await usedFolder();
  const lease = await leaseFolder({ folder: folder() });
  await expect(pruneFolder({ folder: folder(), remove: true })).rejects.toThrow('is in use by another run');
  await lease.release();
});

it('skips a file that another process deletes meanwhile', async () => {
  const { stem } = await usedFolder();
  await rm(at('.thumbs'), { recursive: true });
  const pruned = new FileTurns(() => pruneFolder({ folder: folder() }));
  // As a process does that finds the folder in use, and that one is about to look at its file.
  await pruned.goTo('stat');
  await rm(at('x.webp.1234.rxposure.part'));
  await rm(at(`${stem}--old.webp`));
  await pruned.go();
  expect(await pruned.end).toEqual([]);
});

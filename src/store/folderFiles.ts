import { statSync } from 'node:fs';
import { join } from 'node:path';
import { insideFolder, outsideTarget } from '../disk/insideFolder.ts';
import { expectPlainFile } from '../disk/ownFiles.ts';
import { option, UsageError } from '../errors.ts';

/** Lists of outcomes and plans. While jobs get other indexes, each has a next one beside it. */
export const listNames = ['manifest.jsonl', 'failed.jsonl', 'detached.jsonl', 'unused.jsonl'] as const;

/** Ends the name of the list that takes the place of another one. */
export const nextSuffix = '.next';

/** Marks the folder of a run whose images workers make. */
export const queueFileName = 'queue.json';

/** Files of a run folder that a run reads, or writes in place. */
const FILES: readonly string[] = [
  'run.json',
  queueFileName,
  'run.sqlite',
  'run.sqlite-wal',
  'run.sqlite-shm',
  'run.sqlite-journal',
  'run.lock',
  'journal.jsonl',
  ...listNames.flatMap((name) => [name, `${name}${nextSuffix}`]),
  'report.json',
  'refinement.json',
  'grid.json',
];

/** Files that a run only writes, each as a whole in place of the last one. */
const WRITTEN: readonly string[] = [
  'stdin.txt',
  'manifest.json',
  'campaign_report.json',
  'comparison.json',
  'gallery.html',
  'ab.html',
  'lineage.svg',
  'lineage.png',
  'run.sqlite.damaged',
];
const PAGES = /^(?:contact-sheet|comparison-grid)(?:-\d+)?\.jpg$/;
const fileNames: ReadonlySet<string> = new Set([...FILES, ...WRITTEN]);

/** Folders in a run folder that a run writes into. */
const FOLDERS = [
  '.decoding',
  '.moving',
  '.ratings',
  '.thumbs',
  'best',
  'originals',
  'unused',
  'webdataset',
] as const;

/**
 * Returns true for the path, below a run folder, of a file that its run keeps for itself: none of a
 * job. Do not open one to look into it: closing a second handle of the journal ends the lock on it.
 */
export function isRunFile(path: string): boolean {
  return fileNames.has(path) || PAGES.test(path);
}

/**
 * Checks that the files and folders of a run are plain ones, before any of them is opened. Throws
 * `UsageError` if a file is a link, a pipe or a device, or a folder a link that leads out of the
 * run folder: someone else may have made it.
 */
export function expectOwnFiles(folder: string): void {
  for (const name of FILES) expectPlainFile(join(folder, name));
  for (const name of FOLDERS) insideFolder(folder, name);
}

/**
 * Throws `UsageError` if a link in a run folder leads to a folder outside of it, so that files
 * below its name would be written there. A link to a file is never written through.
 */
export function expectNoWayOut(folder: string, link: string): void {
  const stats = statSync(link, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return;
  const target = outsideTarget(folder, link);
  if (target === null) return;
  throw new UsageError(`${link} is a symbolic link that leads out of the run folder, to ${target}`, {
    suggestion: `Remove the link, or choose another folder with ${option('--out')}: a run writes into its own folder only.`,
  });
}

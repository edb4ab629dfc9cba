import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Lease } from '../../../disk/lease/holdLease.ts';
import { checkWritable, removeTemporaries } from '../../../disk/writeFiles.ts';
import { guardListener } from '../../../events/observeRun.ts';
import { openThumbnails } from '../../../sinks/gallery/thumbnails.ts';
import { openManifest } from '../../../sinks/manifest/manifest.ts';
import type { RunJournal } from '../../../store/entries.ts';
import { expectNoWayOut } from '../../../store/folderFiles.ts';
import { openJournal } from '../../../store/journal/journal.ts';
import { finishMoves } from '../matching/finishMoves.ts';
import type { OpenFolder, RunSettings } from '../settings.ts';
import type { Closers } from './closers.ts';
import { compareWitnesses } from './compareWitnesses.ts';
import { enterFolder, keepInput } from './enterFolder.ts';
import { leaseFolder, underLease } from './leaseFolder.ts';

/** The open files of a run folder, and the service that it belongs to. */
export type FolderFiles = Pick<OpenFolder, 'journal' | 'ratings' | 'manifest' | 'thumbnails'> & {
  /** Null if the service has no name. */
  readonly service: string | null;
};

/**
 * Opens the files of a run folder one after the other, for this process alone. Removes the
 * unfinished files of a killed run, and compares journal and manifest. Adds a closer of each open
 * file to `closers`, also if it rejects then.
 */
export async function openFolder(
  settings: RunSettings,
  closers: Closers,
  signal?: AbortSignal,
): Promise<FolderFiles> {
  const { service, restore } = await enterFolder(settings);
  const lease = await leaseFolder(settings, signal);
  closers.add(() => lease.release());
  closers.add(restore);
  const { folder, fixedInput, resumeAnyway, gallery = true, deleteLocal = false } = settings;
  const { emit = () => {}, keepUnfinished = false } = settings;
  const journal = underLease(openJournal(folder, { service, fixedInput, resumeAnyway }), lease);
  closers.add(() => journal.close());
  const ratings = openRatings(settings, { service, lease });
  closers.add(() => ratings?.close());
  if (!keepUnfinished) await removeTemporaries(folder, (link) => expectNoWayOut(folder, link));
  // A folder may allow writing existing files but not creating new ones.
  await checkWritable(folder);
  await keepInput(settings);
  const thumbnails = gallery ? await openThumbnails(folder, { coversAll: deleteLocal }) : null;
  await finishMoves(folder, journal);
  const manifest = await openManifest(folder);
  closers.add(() => manifest.close());
  await compareWitnesses({ folder, journal, manifest, emit: guardListener(emit) });
  return { service, journal, ratings, manifest, thumbnails };
}

/**
 * Opens the journal of ratings if there is one: their cost counts in the budget, also in a run that
 * makes no ratings.
 */
function openRatings(
  {
    folder,
    scorer,
    ratings = typeof scorer === 'object',
  }: Pick<RunSettings, 'folder' | 'ratings' | 'scorer'>,
  { service, lease }: Pick<FolderFiles, 'service'> & { readonly lease: Lease },
): RunJournal | null {
  const ratingsFolder = join(folder, '.ratings');
  if (!ratings && !existsSync(ratingsFolder)) return null;
  return underLease(openJournal(ratingsFolder, { service }), lease);
}

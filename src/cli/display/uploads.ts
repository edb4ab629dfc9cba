import { relative } from 'node:path';
import type { PlannedUploads } from '../../types.ts';
import { counted, plainText } from './text.ts';

/** Folders that are named; the others are only counted. */
const MOST_FOLDERS = 3;

/**
 * Describes the local files of a run: `12 files of ./photos`, `3 files of ./photos, 1 file of
 * /srv`.
 */
export function uploadsText({ folders }: PlannedUploads): string {
  const named = folders
    .slice(0, MOST_FOLDERS)
    .map(({ folder, files }) => `${counted(files, 'file')} of ${shownFolder(folder)}`);
  const others = folders.slice(MOST_FOLDERS);
  const files = others.reduce((sum, other) => sum + other.files, 0);
  const more = others.length === 0 ? [] : [`${counted(files, 'file')} of ${others.length} more folders`];
  return [...named, ...more].join(', ');
}

/** Returns a folder from the working directory, or its absolute path if it lies elsewhere. */
function shownFolder(folder: string): string {
  const below = relative(process.cwd(), folder).replaceAll('\\', '/');
  if (below === '') return '.';
  return plainText(below.startsWith('..') || /^[A-Za-z]:/.test(below) ? folder : `./${below}`);
}

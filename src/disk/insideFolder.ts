import { lstatSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.ts';

/**
 * The schema of a path that a file of a run folder names. A run folder may come from someone else,
 * so parsing throws `UsageError` if the path leaves it; `atPlace` adds the line.
 */
export const storedPath = z.string().refine((path) => {
  expectBelow(path);
  return true;
});

/** The schema of a name that becomes a part of file names. Parsing throws as `storedPath` does. */
export const storedName = z.string().refine((name) => {
  if (/[/\\\0]/.test(name)) throw unsafe(`Expected a name without slashes, got ${JSON.stringify(name)}`);
  return true;
});

function expectBelow(path: string): void {
  const fault = pathFault(path);
  if (fault !== null) throw unsafe(`Expected a path below the run folder, got ${fault}`);
}

/**
 * Describes why a path does not lie below the folder that names it; null if it does. The same on
 * all systems: a folder may have been made on another one.
 */
export function pathFault(path: string): string | null {
  const shown = JSON.stringify(path);
  if (path.includes('\0')) return `${shown}, which has a NUL byte`;
  if (path.includes('\\')) return `${shown}, which has a backslash`;
  if (/^\/|^[A-Za-z]:/.test(path)) return `${shown}, which is absolute`;
  const segments = path.split('/');
  if (segments.includes('..')) return `${shown}, which leaves it`;
  return segments.some((segment) => segment !== '' && segment !== '.') ? null : `${shown}, which is no file`;
}

/**
 * Returns the absolute path of a file that a folder names, by its text alone: for questions such as
 * whether it exists. Throws `UsageError` if it leaves the folder.
 */
export function pathBelow(folder: string, path: string): string {
  expectBelow(path);
  return join(folder, path);
}

/**
 * Returns the absolute path of a file that a folder names, to read, write or delete it. Throws
 * `UsageError` if it leaves the folder, by its text or through a symbolic link. The file need not
 * exist yet.
 */
export function insideFolder(folder: string, path: string): string {
  const absolute = pathBelow(folder, path);
  const target = outsideTarget(folder, absolute);
  if (target === null) return absolute;
  throw unsafe(
    `Expected ${JSON.stringify(path)} to lie in ${folder}, got a symbolic link that leads to ${target}`,
  );
}

/** Folders that are remembered: a run may have one for each job. */
const MOST_KNOWN = 10_000;

/**
 * Creates an `insideFolder` for many files in a row: it looks at each folder once, so a million
 * files take some seconds.
 */
export function createInsideFolder(folder: string): (path: string) => string {
  const known = new Set<string>();
  return (path) => {
    const absolute = pathBelow(folder, path);
    const parent = dirname(path);
    if (parent !== '.' && !known.has(parent)) {
      insideFolder(folder, parent);
      if (known.size === MOST_KNOWN) known.clear();
      known.add(parent);
    }
    return isLink(absolute) ? insideFolder(folder, path) : absolute;
  };
}

/**
 * Returns the target of a path if that is outside of a folder, symbolic links followed in both;
 * null if it lies inside. A link that leads nowhere counts as one that leads outside.
 */
export function outsideTarget(folder: string, path: string): string | null {
  if (isWithoutLinks(resolve(folder), resolve(path))) return null;
  const root = realPath(folder) ?? resolve(folder);
  const real = realPath(path);
  if (real !== null) return isBelow(root, real) ? null : real;
  if (isLink(path)) return 'nothing';
  // It does not exist yet: where would it be?
  const parent = dirname(path);
  return parent === path ? null : outsideTarget(folder, parent);
}

/**
 * Returns true if a path lies in a folder and no link is between the two: then it leads where its
 * text says. Resolving both would take ten times as long.
 */
function isWithoutLinks(folder: string, path: string): boolean {
  if (!isBelow(folder, path)) return false;
  try {
    for (let part = path; part !== folder; part = dirname(part))
      if (lstatSync(part, { throwIfNoEntry: false })?.isSymbolicLink() === true) return false;
    return true;
  } catch {
    return false;
  }
}

/** Returns true if an absolute path is that of a folder, or of something in it, by its text. */
export function isBelow(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Returns a path with all symbolic links resolved; null if nothing is there. */
export function realPath(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
}

/** Returns true if a link is at a path, or behind links in a circle. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ELOOP';
  }
}

const suggestion =
  'A run folder names its own files only. If it is from someone else, do not use it; otherwise restore it from a copy.';

function unsafe(message: string): UsageError {
  return new UsageError(message, { suggestion });
}

/**
 * Puts the place that was read, such as `manifest.jsonl:3`, before the message of a `UsageError`;
 * returns any other error as it is.
 */
export function atPlace(place: string, error: unknown): unknown {
  if (!(error instanceof UsageError)) return error;
  return new UsageError(`${place}: ${error.message}`, { suggestion: error.suggestion, cause: error });
}

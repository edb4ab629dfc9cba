import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { isBelow, realPath } from '../../disk/insideFolder.ts';
import { spelledOnDisk } from '../../disk/spelling.ts';
import { option, UsageError } from '../../errors.ts';

/** The local files that the texts of an input may name. */
export interface AllowFilesConfig {
  /**
   * Base of relative paths; files in it and below it may be named. Default: the working directory.
   */
  folder?: string;
  /**
   * Further folders whose files may be named, or single files; `any` for every file of this
   * machine. Default: none.
   */
  allowFiles?: readonly string[] | 'any';
}

/**
 * Checks that an input may name a file, by its real path: an input may come from someone else, and
 * the files that it names are sent to a model. Hidden files (a name, or that of a folder on the
 * way, begins with a point) must be allowed by name, as they hold keys and tokens. Throws
 * `UsageError`, and does not reveal if the file exists.
 */
export function expectAllowed(path: string, { folder = '.', allowFiles = [] }: AllowFilesConfig): void {
  if (allowFiles === 'any') return;
  const real = realTarget(path);
  const roots = [folder, ...allowFiles].map((root) => realTarget(spelledOnDisk(resolve(root))));
  const around = roots.filter((root) => isBelow(root, real));
  if (around.some((root) => !isHidden(relative(root, real)))) return;
  const isOutside = around.length === 0;
  const expected = isOutside ? `a file in ${resolve(folder)} or below` : 'a file that is not hidden';
  const isLink = isOutside && isBelow(resolve(folder), resolve(path));
  const got = isLink ? `${path}, a link to ${real}` : path;
  const wanted = isOutside ? dirname(real) : real;
  throw new UsageError(`Expected ${expected}, got ${got}; ${option('--allow-files', wanted)} allows it`, {
    suggestion,
  });
}

const suggestion = `Prompt files and specs may come from someone else: check the files that they send. ${option('--allow-files', 'DIR')} allows further files.`;

/** Returns the target of a path; follows links in the part of it that exists. */
function realTarget(path: string): string {
  const real = realPath(path);
  if (real !== null) return real;
  const parent = dirname(path);
  return parent === path ? path : join(realTarget(parent), basename(path));
}

function isHidden(below: string): boolean {
  return below.split(sep).some((name) => name.startsWith('.'));
}

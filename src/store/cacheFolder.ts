import { existsSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join, posix, win32 } from 'node:path';
import { makeFolder } from '../disk/folders.ts';

/** The properties of the machine that decide where caches are. */
interface CacheFolderConfig {
  /** Default: this machine's. */
  platform?: NodeJS.Platform;
  /** Default: this user's. */
  home?: string;
}

/**
 * Returns rxposure's cache folder: below `XDG_CACHE_HOME` (ignored unless absolute, as its
 * specification requires), else below the system's cache folder. Null if the user has no home.
 */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>>,
  { platform = process.platform, home = homedir() }: CacheFolderConfig = {},
): string | null {
  const path = platform === 'win32' ? win32 : posix;
  const { XDG_CACHE_HOME: xdg = '', LOCALAPPDATA: local = '' } = env;
  if (path.isAbsolute(xdg)) return path.join(xdg, 'rxposure');
  if (platform === 'win32' && path.isAbsolute(local)) return path.join(local, 'rxposure', 'Cache');
  if (!path.isAbsolute(home)) return null;
  if (platform === 'win32') return path.join(home, 'AppData', 'Local', 'rxposure', 'Cache');
  return platform === 'darwin'
    ? path.join(home, 'Library', 'Caches', 'rxposure')
    : path.join(home, '.cache', 'rxposure');
}

/** Returns the path of the database with the spending of this machine; null without a home. */
export function spendingFile(env: Readonly<Record<string, string | undefined>>): string | null {
  const folder = cacheFolder(env);
  return folder === null ? null : join(folder, 'spending.sqlite');
}

/**
 * Lets Node keep its compiled code in the cache folder, so that commands start in two thirds of the
 * time from the second one on. `NODE_DISABLE_COMPILE_CACHE=1` turns it off, as for any program.
 */
export function keepCompiled(env: Readonly<Record<string, string | undefined>>): void {
  const folder = cacheFolder(env);
  if (folder === null) return;
  const compiled = join(folder, 'compiled');
  try {
    // Node's own attempt never ends where none can be made, such as below `/proc`.
    if (!existsSync(compiled)) makeFolder(compiled);
  } catch {
    return;
  }
  // Not imported by its name: a Node that lacks it could not report that it is too old.
  module.enableCompileCache(compiled);
}

import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

/** The machine, as far as it decides where caches are. */
export interface CacheFolderConfig {
  /** Default: this machine's. */
  platform?: NodeJS.Platform;
  /** Default: this user's. */
  home?: string;
}

/**
 * Where this user's caches of rxposure are: `XDG_CACHE_HOME`, which must be absolute as its specification says, else the
 * place that the system has for caches. Null where the user has no home.
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

import { basename, extname, join, resolve } from 'node:path';

/** The run folder: where `--out` says, else `out/` and the name of the input. */
export function folderFor(out: string | null, input: string, name: string | null = null): string {
  const stem = input === '-' ? 'stdin' : basename(input, extname(input));
  return resolve(out ?? join('out', name ?? stem));
}

/** The folder of the page's run, and whether it was a simulation. */
export interface RunPlace {
  /** Path of the run folder, for a shell. */
  readonly folder: string;
  readonly isSimulated: boolean;
}

/**
 * Returns the path of the folder that a page was opened from, as a shell takes it; the run's name if
 * the page does not come from a file.
 */
export function folderOf(
  { protocol, pathname }: Pick<Location, 'protocol' | 'pathname'>,
  name: string,
): string {
  if (protocol !== 'file:') return name;
  const path = decodeURIComponent(pathname).replace(/\/[^/]*$/, '');
  // Windows: /C:/runs/a
  return path.replace(/^\/(?=[A-Za-z]:)/, '') || '/';
}

/** Returns the command that makes the failed jobs with these numbers again; all of them without. */
export function retryCommand({ folder, isSimulated }: RunPlace, numbers: readonly number[] = []): string {
  const only = numbers.length === 0 ? '' : ` --only ${ranges(numbers)}`;
  return `npx rxposure retry ${shellWord(folder)}${only}${isSimulated ? ' --simulate' : ''}`;
}

/** Returns the command that copies the picks of an exported file out of the run folder. */
export function picksCommand({ folder }: RunPlace, files: string): string {
  const kind = files === 'all' ? '' : ` --files ${files}`;
  return `npx rxposure picks ${shellWord(folder)} picks.json --to picked${kind}`;
}

/** Shortens numbers in ascending order: `1,2,3,7` becomes `1-3,7`. */
export function ranges(numbers: readonly number[]): string {
  const found: [first: number, last: number][] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** Quotes a word for a POSIX shell if necessary; removes control characters. */
function shellWord(word: string): string {
  const shown = word.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
  return /^[\w./:@-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}

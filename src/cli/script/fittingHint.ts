import { flagsAlone, RxposureError } from '../../errors.ts';

/** An alternative at the end of a sentence: `, or choose another folder with --out`. */
const FURTHER = /,? or choose (?:another|a) [^.:]*?with --out\b/g;
/** A sentence that has no other remedy: `Choose another folder with --out.` */
const ONLY = /(?:^|(?<=\. ))(?!\s)[^.]*\b[Cc]hoose (?:another|a) [^.]*?with --out\b[^.]*(?:\.|$)\s*/g;
/** The first of several remedies: `Choose another folder with --out, or use …`. */
const FIRST = /\bChoose (?:another|a) [^.:]*?with --out, or (\w)/g;

/**
 * Returns a hint without the advice to choose another folder with `--out`, for a command that takes
 * the folder of a run and has no such flag. Returns other hints unchanged.
 */
export function withoutOut(hint: string): string {
  const text = flagsAlone(hint);
  if (!text.includes('--out')) return hint;
  return text
    .replace(FURTHER, '')
    .replace(FIRST, (_all, letter: string) => letter.toUpperCase())
    .replace(ONLY, '')
    .trim();
}

/** Removes `--out` from the hint of an error, unless the command has that flag. */
export function fittingError(error: unknown, { hasOut }: { hasOut: boolean }): unknown {
  if (!hasOut && error instanceof RxposureError)
    Object.assign(error, { suggestion: withoutOut(error.suggestion) });
  return error;
}

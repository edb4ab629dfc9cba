import { catchError, type OperatorFunction, of, throwError } from 'rxjs';
import { DownloadError } from '../../errors.ts';
import type { ImageFile } from '../../types.ts';

/** An output that cannot be downloaded. */
export interface MissingFile {
  /** 0-based position in the output. */
  readonly output: number;
  readonly error: DownloadError;
}

/** Turns the error of one output into a value, so that the others are downloaded. */
export function orMissing(output: number): OperatorFunction<ImageFile, ImageFile | MissingFile> {
  return catchError((error: unknown) =>
    error instanceof DownloadError ? of({ output, error }) : throwError(() => error),
  );
}

/** Returns the output whose file an earlier run has refused and kept; null if it uses the file. */
export function refusedBefore({ refused, ...file }: ImageFile, output: number): MissingFile | null {
  if (refused === undefined) return null;
  const { code, message, recoverable, suggestion } = refused;
  return { output, error: new DownloadError(code, message, { recoverable, suggestion, kept: file }) };
}

/**
 * Returns the files among outputs, after a call of `onMissing` with the others if there are some.
 * If there is no file, throws an error that another try may mend, else the first.
 */
export function filesAmong(
  found: readonly (ImageFile | MissingFile)[],
  onMissing: (missing: readonly MissingFile[]) => void,
): readonly ImageFile[] {
  const missing = found.filter((one) => 'error' in one);
  const files = found.flatMap((one, output) => ('error' in one ? [] : [{ ...one, output }]));
  if (missing.length > 0) onMissing(missing);
  const [first] = missing.toSorted((a, b) => Number(b.error.recoverable) - Number(a.error.recoverable));
  if (files.length === 0 && first !== undefined) throw first.error;
  return missing.length > 0 ? files : files.map(({ output: _all, ...file }) => file);
}

import { catchError, type OperatorFunction, of, throwError } from 'rxjs';
import type { Downloaded, MissingFile } from '../../base/items/item.ts';
import { DownloadError } from '../../errors.ts';
import type { ImageFile } from '../../types.ts';

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

/** Returns the files among outputs, and the others if there are some. */
export function partsOf(found: readonly (ImageFile | MissingFile)[]): Pick<Downloaded, 'files' | 'missing'> {
  const missing = found.filter((one) => 'error' in one);
  const files = found.flatMap((one, output) => ('error' in one ? [] : [{ ...one, output }]));
  return missing.length > 0 ? { files, missing } : { files: files.map(({ output: _all, ...file }) => file) };
}

/** Returns the error of an output without files: one that another try may mend, else the first. */
export function errorOfAll(missing: readonly MissingFile[]): DownloadError | undefined {
  return (missing.find(({ error }) => error.recoverable) ?? missing[0])?.error;
}

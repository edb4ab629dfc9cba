import type { Outcome } from '../types.ts';

/** Path below the run folder of the first original that is a picture; null where an outcome has none. */
export function originalPicture({ status, files }: Pick<Outcome, 'status' | 'files'>): string | null {
  if (status !== 'saved') return null;
  return files.find(({ role, width }) => role === 'original' && width !== null)?.path ?? null;
}

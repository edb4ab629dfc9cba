import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { firstValueFrom, type Observable, takeUntil } from 'rxjs';
import { expect } from 'vitest';

/**
 * Runs in a folder until a moment, then drops everything, as a crash does. Resolves once the run
 * has left the folder: with its end, or null if it was dropped.
 */
export async function runUntil<T>(
  run: Observable<T>,
  folder: string,
  moment: Observable<unknown>,
): Promise<T | null> {
  const end = await firstValueFrom(run.pipe(takeUntil(moment)), { defaultValue: null });
  await leftFolder(folder);
  return end;
}

/** Waits until a run that was unsubscribed has closed its folder, which takes a moment. */
export function leftFolder(folder: string): Promise<void> {
  return expect.poll(() => existsSync(join(folder, 'run.lock')), { timeout: 30_000 }).toBe(false);
}

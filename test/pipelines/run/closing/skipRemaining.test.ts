import { catchError, firstValueFrom, of, tap, throwError, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { StorageError } from '../../../../src/errors.ts';
import { skipRemaining } from '../../../../src/pipelines/run/closing/skipRemaining.ts';
import { inOpenRun } from '../../../../src/pipelines/run/openRun.ts';
import type { Outcome } from '../../../../src/types.ts';
import { fakeProvider } from '../../../helpers/fakeProvider.ts';
import { aPlan } from '../../../helpers/runOf.ts';
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

it('counts every job if the disk refuses their lines, then emits the error', async () => {
  const plans = () => Array.from({ length: 200 }, (_, index) => aPlan(index));
  const full = new StorageError('ERR_DISK_FULL', 'No space left', { suggestion: '' });
  const seen: Outcome[] = [];
  let written = 0;
  const ended = firstValueFrom(
    inOpenRun({ folder: folder(), provider: fakeProvider() }, (run) => {
      const append = () => {
        written += 1;
        return throwError(() => full);
      };
      const rest = {
        isEnded: () => false,
        isNoneLeft: () => false,
        total: 200,
        keepsFailures: false,
        fault: null,
      };
      const refusing = { ...run, manifest: { ...run.manifest, append } };
      return skipRemaining(plans, rest, refusing).pipe(
        tap((outcome) => seen.push(outcome)),
        toArray(),
        catchError((error: unknown) => of(error)),
      );
    }),
  );
  await expect(ended).resolves.toBe(full);
  expect(seen).toHaveLength(200);
  expect(seen.every(({ status }) => status === 'skipped')).toBe(true);
  expect(written).toBe(1);
});

import { asyncScheduler, defer, firstValueFrom, of } from 'rxjs';
import { expect, it } from 'vitest';
import { createAttempt } from '../../../../src/operators/predictions/lost/attempt.ts';
import { takeLook } from '../../../../src/operators/predictions/lost/takeLook.ts';
import { aPrediction, aRequest, fakeProvider } from '../../../helpers/fakeProvider.ts';

/** Looks at a list of which each page has one prediction, a second older than the one before. */
async function lookAt(offsetMs: number | null) {
  let pages = 0;
  const sentAtMs = Date.parse('2026-01-01T12:00:00Z');
  const provider = fakeProvider({
    listPredictions: () =>
      defer(() => {
        pages += 1;
        const createdAt = new Date(sentAtMs - pages * 1_000).toISOString();
        const listed = aPrediction({ id: `p${pages}`, createdAt });
        return of({ predictions: [listed], next: `page ${pages + 1}` });
      }),
  });
  const look = await firstValueFrom(
    takeLook(provider, [createAttempt({ request: aRequest(), sentAtMs })], {
      offset: offsetMs === null ? null : { leastMs: offsetMs, mostMs: offsetMs },
      isClaimed: () => false,
      inputs: new Map(),
      isPatient: false,
      random: () => 0,
      scheduler: asyncScheduler,
    }),
  );
  return { ...look, pages };
}

it('reads at most 200 pages of an endless list, and is incomplete then', async () => {
  expect(await lookAt(null)).toMatchObject({ pages: 200, isComplete: false });
});

it('reads no page that is older than the oldest request by a minute and a half', async () => {
  expect(await lookAt(0)).toMatchObject({ pages: 91, isComplete: true });
});

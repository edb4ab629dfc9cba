import { concatMap, ignoreElements, type Observable, of, timer } from 'rxjs';
import type { Lookout } from '../../src/operators/predictions/lookout.ts';
import { createAttempt } from '../../src/operators/predictions/lost/attempt.ts';
import type { Prediction } from '../../src/types.ts';
import { aPrediction, aRequest } from './fakeProvider.ts';

/** Returns a local time by the clock of the service, which is an hour ahead. */
export function serviceTime(ms: number): string {
  return new Date(3_600_000 + ms).toISOString();
}

/** Returns a prediction of the usual request that the service made at a local time. */
export function madeAt(id: string, ms: number): Prediction {
  return aPrediction({ id, createdAt: serviceTime(ms) });
}

/** Sends another request, whose response shows the time of the service. */
export function proveTime(lookout: Lookout, sentAtMs: number): Observable<Prediction> {
  const request = aRequest({ input: { prompt: 'another', seed: sentAtMs } });
  const proof = { ...madeAt(`proof ${sentAtMs}`, sentAtMs + 1), input: request.input };
  return lookout.watch(createAttempt({ request, sentAtMs }), of(proof));
}

/** Sends two such requests. Takes the first 3 s of the test; then the time is certain. */
export function makeTimeCertain(lookout: Lookout): Observable<never> {
  return of(0, 3_000).pipe(
    concatMap((ms) => timer(ms).pipe(concatMap(() => proveTime(lookout, ms)))),
    ignoreElements(),
  );
}

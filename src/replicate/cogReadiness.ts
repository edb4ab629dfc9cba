import { defer, EMPTY, ignoreElements, map, type Observable } from 'rxjs';
import { z } from 'zod';
import { ProviderError } from '../errors.ts';
import type { CogCaller } from './createCogCaller.ts';

const answer = z.looseObject({ status: z.string() });

/** States that no waiting changes. */
const BROKEN: ReadonlySet<string> = new Set(['SETUP_FAILED', 'DEFUNCT']);

/** Completes where a container's model is set up, and is not asked again after that; else emits why not as an error. */
export function cogReadiness(call: CogCaller, timeoutMs: number): Observable<never> {
  let isReady = false;
  return defer(() => {
    if (isReady) return EMPTY;
    const read = (body: unknown) => answer.parse(body).status;
    return call({ method: 'GET', path: '/health-check', timeoutMs, read }).pipe(
      map((status) => {
        if (status !== 'READY' && status !== 'BUSY') throw notReady(status);
        isReady = true;
      }),
      ignoreElements(),
    );
  });
}

function notReady(status: string): ProviderError {
  const isBroken = BROKEN.has(status);
  return new ProviderError('ERR_NOT_READY', `Expected the model to be READY, got ${status}`, {
    recoverable: !isBroken,
    stopsRun: isBroken,
    suggestion: isBroken ? 'Look at the log of the container.' : 'Wait until the model is set up.',
  });
}

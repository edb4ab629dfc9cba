import { defer, lastValueFrom, of, throwError, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { ProviderError } from '../../../src/errors.ts';
import { generate } from '../../../src/pipelines/generate.ts';
import type { Provider } from '../../../src/ports.ts';
import type { Prediction } from '../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { hurried } from '../../helpers/hurried.ts';
import { aPlan, runOf } from '../../helpers/runOf.ts';

const lost = () =>
  throwError(() => new ProviderError('ERR_SERVICE', '502', { tookEffect: 'unknown', recoverable: true }));
const shown = (fields: Partial<Prediction> = {}) => aPrediction({ input: aPlan(0).input, ...fields });

/** Runs one job; returns its end, and the requests by id. */
async function run(methods: Partial<Provider>, whole: () => ReturnType<Provider['getPrediction']>) {
  const asked: string[] = [];
  const getPrediction = (id: string) => defer(() => (asked.push(id) > 0 ? whole() : lost()));
  const provider = fakeProvider({ getPrediction, ...methods });
  const { config } = runOf({ provider, scheduler: hurried(1_000) });
  const [outcome] = await lastValueFrom(generate(() => [aPlan(0)], config).pipe(toArray()));
  return { end: outcome?.error?.code ?? outcome?.status, asked };
}

const silent = shown({ output: null });
it.each<[string, Partial<Provider>]>([
  ['a response', { createPrediction: () => of(silent) }],
  [
    'the list, of a lost request',
    { createPrediction: lost, listPredictions: () => of({ predictions: [silent], next: null }) },
  ],
])('an output that %s leaves out is asked for by the id', async (_what, methods) => {
  expect(await run(methods, () => of(shown()))).toEqual({ end: 'saved', asked: ['p1'] });
});

it.each<[string, () => ReturnType<Provider['getPrediction']>]>([
  ['has none', () => of(silent)],
  ['does not know it', () => throwError(() => new ProviderError('ERR_FORBIDDEN', '403', { status: 403 }))],
  ['has lost sight of it', () => of(shown({ status: 'processing', output: null, outputComplete: false }))],
])('a job without output ends so if the service %s', async (_what, whole) => {
  const { end, asked } = await run({ createPrediction: () => of(silent) }, whole);
  expect([end, new Set(asked)]).toEqual(['ERR_NO_OUTPUT', new Set(['p1'])]);
});

it('an output that was deleted is not asked for again', async () => {
  const running = shown({ status: 'processing', output: null, outputComplete: false });
  const deleted = shown({ output: null, dataRemoved: true });
  // Once to follow it.
  expect(await run({ createPrediction: () => of(running) }, () => of(deleted))).toEqual({
    end: 'ERR_OUTPUT_GONE',
    asked: ['p1'],
  });
});

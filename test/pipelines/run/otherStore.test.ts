import { readdir } from 'node:fs/promises';
import { defer, EMPTY, lastValueFrom, throwError, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { ProviderError } from '../../../src/errors.ts';
import { generate } from '../../../src/pipelines/generate.ts';
import { configOf } from '../../../src/pipelines/run/runConfig.ts';
import type { RunStore } from '../../../src/pipelines/run/settings.ts';
import type { Provider } from '../../../src/ports.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { createMemoryJournal } from '../../../src/store/memoryJournal.ts';
import type { Outcome, Plan } from '../../../src/types.ts';
import { aPlan } from '../../helpers/aPlan.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const noted = (note: () => unknown) =>
  defer(() => {
    note();
    return EMPTY;
  });
const folderOf = temporaryFolder();

it('a run keeps its outcomes in another store than its folder, which has images alone then', async () => {
  const simulator = await simulated();
  const folder = folderOf();
  const journal = createMemoryJournal();
  const kept: Outcome[] = [];
  const aside: [number, string][] = [];
  const store: RunStore = {
    journal,
    spentMicroUsd: () => 0,
    openMicroUsd: () => 0,
    keep: (outcome) => noted(() => kept.push(outcome)),
    putAside: ({ index }, reason) => noted(() => aside.push([index, reason])),
    isDone: ({ index }) => index === 0,
    paidBeforeUsd: () => 0,
    filesOf: async () => [],
  };
  const plan = (index: number, prompt: string): Plan =>
    aPlan({ index, prompt, model: SCHNELL, input: { prompt }, key: `key ${index}`, path: `000${index}` });
  const plans = [plan(0, 'done before'), plan(1, 'a cat'), plan(2, 'a refused cat')];
  const service = createReplicateProvider({ token: simulator.token, baseUrl: simulator.baseUrl });
  const provider: Provider = {
    ...service,
    createPrediction: (request, options) =>
      request.input.prompt === 'a refused cat'
        ? throwError(() => new ProviderError('ERR_PROVIDER', 'refused', { tookEffect: 'no' }))
        : service.createPrediction(request, options),
  };
  const settings = { folder, provider, sidecars: false, maxAttempts: 1 };
  const config = configOf(settings, { provider, store });
  await lastValueFrom(generate(() => plans, config).pipe(toArray()));
  expect(kept.map(({ index, status }) => [index, status]).sort()).toEqual([
    [1, 'saved'],
    [2, 'failed'],
  ]);
  expect(aside).toEqual([[2, 'failed']]);
  expect([journal.find(0), journal.isSaved(1), journal.isSaved(2)]).toEqual([undefined, true, false]);
  expect((await readdir(folder)).map((name) => name.replace(/\.\w+$/, ''))).toEqual(['0001']);
});

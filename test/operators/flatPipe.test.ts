import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { from, lastValueFrom, take, tap, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import type { ProviderError } from '../../src/errors.ts';
import { createGovernor } from '../../src/operators/pace/governor.ts';
import { awaitPrediction } from '../../src/operators/predictions/awaitPrediction.ts';
import { createPrediction } from '../../src/operators/predictions/createPrediction.ts';
import { budgetTake, createLedger } from '../../src/operators/stages/budgetTake.ts';
import { downloadOutput } from '../../src/operators/stages/downloadOutput.ts';
import { renditions } from '../../src/operators/stages/renditions.ts';
import type { Ledger, Provider } from '../../src/ports.ts';
import { createDownloader } from '../../src/providers/downloads/downloader.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import { parseRendition } from '../../src/renditions/notation.ts';
import { createRenderer } from '../../src/renditions/renderer.ts';
import { toGallery } from '../../src/sinks/stages/toGallery.ts';
import { toManifest } from '../../src/sinks/stages/toManifest.ts';
import { toOutcome } from '../../src/sinks/stages/toOutcome.ts';
import { toReport } from '../../src/sinks/stages/toReport.ts';
import { toSidecars } from '../../src/sinks/stages/toSidecars.ts';
import type { OutcomeFile, PredictionRequest } from '../../src/types.ts';
import { SCHNELL, simulated } from '../helpers/simulated.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const newFolder = temporaryFolder();
const PRICE = 3_000;

/** Two outputs each, all with the same prompt. */
const requests = (count: number): PredictionRequest[] =>
  Array.from({ length: count }, () => ({
    model: SCHNELL,
    version: null,
    input: { prompt: 'a red fox', num_outputs: 2 },
  }));

interface World {
  readonly provider: Provider;
  readonly folder: string;
  readonly ledger: Ledger;
}

async function world(config: Parameters<typeof simulated>[0] = {}): Promise<World> {
  const simulator = await simulated(config);
  return {
    provider: createReplicateProvider(simulator),
    folder: newFolder(),
    ledger: createLedger({ limitMicroUsd: 1_000_000 }),
  };
}

/** The whole way, as a beginner writes it. */
const flat = (all: readonly PredictionRequest[], { provider, folder, ledger }: World) =>
  from(all)
    .pipe(
      budgetTake(ledger, { priceOf: provider.answers.estimateOf }),
      createPrediction(provider, { governor: createGovernor({ perMinute: 60_000 }), waitMs: 0 }),
      awaitPrediction(provider),
      downloadOutput(createDownloader({ isLocal: true }), { folder, random: () => 0 }),
      renditions(createRenderer(), [parseRendition('thumb=64x64')]),
      toOutcome({ folder }),
    )
    .pipe(toSidecars(folder), toManifest(folder), toGallery(folder), toReport(folder));

it('saves every image of equal prompts under a name of its own, and settles the money', async () => {
  const own = await world();
  const outcomes = await lastValueFrom(flat(requests(5), own).pipe(toArray()));
  expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('saved'));
  const originals = outcomes.flatMap(({ files }) => files.filter(({ role }) => role === 'original'));
  expect(new Set(originals.map(({ path }) => path)).size).toBe(10);
  const names = await readdir(own.folder);
  for (const { path } of outcomes.flatMap(({ files }) => files)) expect(names).toContain(path);
  expect(names).toEqual(expect.arrayContaining(['manifest.json', 'report.json', 'gallery.html']));
  expect([own.ledger.reservedMicroUsd, own.ledger.spentMicroUsd]).toEqual([0, 10 * PRICE]);
  const { run, outcomes: stored } = JSON.parse(await readFile(join(own.folder, 'manifest.json'), 'utf8'));
  expect(stored.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2, 3, 4]);
  expect(run).toMatchObject({ total: 5, saved: 5, costUsd: 0.03 });
});

const rolesOf = (files: readonly OutcomeFile[]) =>
  files.map(({ role, output }) => (output === undefined ? role : `${role} ${output}`)).join(', ');

const answer = (status: number, detail: string) =>
  ({
    type: 'answer',
    status,
    body: JSON.stringify({ detail, status }),
    headers: { 'content-type': 'application/json' },
  }) as const;

it('loses no paid image if others fail in the middle', async () => {
  const own = await world({
    faults: {
      beforeCreate: ({ input }) => (input.seed === 1 ? answer(422, 'seed') : null),
      onOutcome: ({ input }) => (input.seed === 2 ? 'out of memory' : null),
      onFile: ({ input }, index) =>
        input.seed === 3 && index === 1 ? { type: 'replace', file: Buffer.from('no image') } : null,
    },
  });
  const all = requests(6).map((request, seed) => ({ ...request, input: { ...request.input, seed } }));
  const ledger = createLedger({ limitMicroUsd: 5 * 2 * PRICE });
  const outcomes = await lastValueFrom(flat(all, { ...own, ledger }).pipe(toArray()));
  const told = outcomes
    .toSorted((a, b) => a.index - b.index)
    .map(({ status, costUsd, error, files }) => [status, costUsd, error?.stage, error?.code, rolesOf(files)]);
  const both = 'original, rendition, original, rendition';
  expect(told).toEqual([
    ['saved', 0.006, undefined, undefined, both],
    ['failed', 0, 'creation', 'ERR_INVALID_INPUT', ''],
    ['failed', 0, 'polling', 'ERR_OUT_OF_MEMORY', ''],
    // The other output was paid, too: it is saved, and the file in place of this one is kept.
    ['failed', 0.006, 'download', 'ERR_INCOMPLETE', 'original 0, rendition, kept 1'],
    ['saved', 0.006, undefined, undefined, both],
    ['skipped', 0, undefined, 'ERR_OVER_BUDGET', ''],
  ]);
  expect([ledger.reservedMicroUsd, ledger.spentMicroUsd]).toEqual([0, 3 * 2 * PRICE]);
});

it('saves paid images before it ends with the error of a service that refuses all requests', async () => {
  let created = 0;
  const own = await world({
    faults: {
      beforeCreate: () => {
        created += 1;
        return created > 2 ? answer(402, 'no credit') : null;
      },
    },
  });
  const error = await lastValueFrom(flat(requests(40), own)).catch((error: unknown) => error);
  expect(error).toMatchObject({ name: 'ProviderError', status: 402 } satisfies Partial<ProviderError>);
  const { outcomes } = JSON.parse(await readFile(join(own.folder, 'manifest.json'), 'utf8'));
  expect(outcomes.map(({ status }: { status: string }) => status)).toEqual(['saved', 'saved']);
  // Not all of the requests were sent only to be refused.
  expect(created).toBeLessThan(20);
  expect([own.ledger.reservedMicroUsd, own.ledger.spentMicroUsd]).toEqual([0, 4 * PRICE]);
});

it('leaves nothing reserved when it is unsubscribed, and counts attempts that may be paid', async () => {
  const own = await world();
  let held = 0;
  const seen = tap(() => {
    held = Math.max(held, own.ledger.reservedMicroUsd);
  });
  await lastValueFrom(flat(requests(40), own).pipe(seen, take(1)));
  expect(own.ledger.reservedMicroUsd).toBe(0);
  expect(own.ledger.spentMicroUsd).toBeGreaterThanOrEqual(2 * PRICE);
  expect(own.ledger.spentMicroUsd).toBeLessThanOrEqual(40 * 2 * PRICE);
  expect(held).toBeLessThanOrEqual(10 * 2 * PRICE);
});

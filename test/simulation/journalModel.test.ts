import { join } from 'node:path';
import fc from 'fast-check';
import { firstValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { type FolderJournal, openJournal } from '../../src/store/journal/journal.ts';
import { createMemoryJournal } from '../../src/store/memoryJournal.ts';
import { aPlan, aPrediction } from '../../src/testing/aPlan.ts';
import type { JournalEntry, Plan } from '../../src/types.ts';
import { anOutcome } from '../helpers/anOutcome.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const INDEXES = [0, 1, 2, 3];

/** The plain map that the journal is compared with. */
type Model = ReturnType<typeof createMemoryJournal>;
interface Real {
  readonly folder: string;
  journal: FolderJournal;
}

const planOf = (index: number, key: string): Plan => aPlan({ index, key, priceMicroUsd: 25_000 });

/** Compares everything that a run reads. */
function compare(model: Model, { journal }: Real): void {
  for (const index of INDEXES) {
    expect(journal.find(index)).toEqual(model.find(index));
    expect(journal.isSaved(index)).toBe(model.isSaved(index));
  }
  expect(journal.openIndexes()).toEqual(model.openIndexes());
  expect(new Set(journal.knownPredictionIds())).toEqual(new Set(model.knownPredictionIds()));
  expect(journal.counts()).toEqual(model.counts());
  expect(journal.spentMicroUsd()).toBe(model.spentMicroUsd());
  expect(journal.openMicroUsd()).toBe(model.openMicroUsd());
  expect(journal.savedCount()).toBe(model.savedCount());
}

type Command = fc.AsyncCommand<Model, Real>;

class RecordEntries implements Command {
  readonly entries: readonly (readonly [index: number, key: string, entry: JournalEntry])[];
  constructor(entries: RecordEntries['entries']) {
    this.entries = entries;
  }
  check = () => true;
  /** All at once, so that they share a commit. */
  async run(model: Model, real: Real): Promise<void> {
    const recorded = this.entries.map(([index, key, entry]) => {
      const plan = planOf(index, key);
      return [firstValueFrom(real.journal.record(plan, entry)), firstValueFrom(model.record(plan, entry))];
    });
    await Promise.all(recorded.flat());
    compare(model, real);
  }
  toString = () =>
    `record(${this.entries.map(([index, key, { type }]) => `${index} ${key} ${type}`).join(', ')})`;
}

class Reopen implements Command {
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    real.journal.close();
    real.journal = openJournal(real.folder);
    expect(real.journal.repairs).toEqual([]);
    compare(model, real);
  }
  toString = () => 'reopen';
}

const ids = fc.constantFrom('p1', 'p2', 'p3', 'p4', 'p5');
const attempts = fc.integer({ min: 1, max: 4 });
const costs = fc.constantFrom(0, 0.003, 0.025);
const request = { model: 'owner/name', version: null, input: { prompt: 'a cat' } };

const entries: fc.Arbitrary<JournalEntry> = fc.oneof(
  fc.record({
    type: fc.constant('intended' as const),
    attempt: attempts,
    atMs: fc.integer({ min: 1, max: 2 ** 41 }),
    request: fc.constant(request),
    cancelAfterMs: fc.constantFrom(null, 630_000),
  }),
  fc.record({ type: fc.constant('created' as const), attempt: attempts, predictionId: ids }),
  fc.record({
    type: fc.constant('ended' as const),
    attempt: attempts,
    costMicroUsd: fc.constantFrom(0, 3_000, 25_000),
  }),
  ids.map((id) => ({ type: 'downloaded' as const, prediction: aPrediction({ id }), files: [] })),
  fc
    .record({
      status: fc.constantFrom('saved' as const, 'failed' as const, 'skipped' as const),
      predictionId: ids,
      costUsd: costs,
    })
    .map((fields) => ({ type: 'outcome' as const, outcome: anOutcome(fields) })),
);

it('a journal is a map of records, for all entries, together, again, and for other requests', async () => {
  let runs = 0;
  const recorded = fc
    .array(fc.tuple(fc.constantFrom(...INDEXES), fc.constantFrom('k1', 'k2'), entries), {
      minLength: 1,
      maxLength: 6,
    })
    .map((all) => new RecordEntries(all));
  const commands = fc.commands([recorded, recorded, fc.constant(new Reopen())], { maxCommands: 12 });
  await fc.assert(
    fc.asyncProperty(commands, async (all) => {
      runs += 1;
      const own = join(folder(), String(runs));
      const real: Real = { folder: own, journal: openJournal(own) };
      try {
        await fc.asyncModelRun(() => ({ model: createMemoryJournal(), real }), all);
      } finally {
        real.journal.close();
      }
    }),
    { numRuns: 30, seed: 19 },
  );
}, 60_000);

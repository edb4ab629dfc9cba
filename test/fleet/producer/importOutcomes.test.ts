import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { Row } from '../../../src/fleet/database/connection.ts';
import { packEnded } from '../../../src/fleet/packedOutcomes.ts';
import { importOutcomes } from '../../../src/fleet/producer/importOutcomes.ts';
import type { FinishedRun } from '../../../src/pipelines/run/closing/results.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { outcomeSchema } from '../../../src/sinks/manifest/readOutcomes.ts';
import { fakeProvider } from '../../../src/testing/fakeProvider.ts';
import type { Outcome, Plan } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { aPlan } from '../../helpers/aPlan.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const root = temporaryFolder();
const folder = () => join(root(), 'night');

const plans = Array.from({ length: 4 }, (_, index) =>
  aPlan({ index, key: String(index).repeat(64), path: `pear-${index}` }),
);

/** The outcome of a plan as workers leave it; their images stay in a bucket. */
const savedOf = ({ index, key, prompt, input, path }: Plan): Outcome =>
  anOutcome({
    ...{ index, key, prompt, input },
    predictionId: `p${index}`,
    files: [
      {
        ...{ role: 'original', name: 'original', path: `${path}.webp`, format: 'webp' },
        ...{ width: 8, height: 8, bytes: 10, sha256: 'b'.repeat(64) },
      },
    ],
  });

/** A part for each plan, all done, as the database yields them. */
const parts = async (): Promise<Row[]> =>
  Promise.all(
    plans.map(async (plan, part) => ({
      ...{ part, jobs: 1, plans: Buffer.from(''), now_ms: Date.now() },
      outcomes: await packEnded([{ outcome: savedOf(plan), open: null }]),
    })),
  );

/** A database that has these parts, and reads one at a time. */
const databaseOf = (rows: readonly Row[]) => ({
  query: async (_sql: string, values: readonly unknown[] = []) =>
    rows.filter(({ part }) => Number(part) > Number(values[1])).slice(0, 1),
});

function enter(rows: readonly Row[]): Promise<FinishedRun> {
  return firstValueFrom(
    runToFolder(() => plans, {
      folder: folder(),
      provider: fakeProvider(),
      gallery: false,
      make: (_plans, opened) => importOutcomes(databaseOf(rows), 1, opened),
    }),
  );
}

async function manifest() {
  const text = await readFile(join(folder(), 'manifest.json'), 'utf8');
  return z.object({ outcomes: z.array(outcomeSchema) }).parse(JSON.parse(text)).outcomes;
}

it('enters the rest with the next command if the database fails for good in the middle', async () => {
  const rows = await parts();
  const damaged = rows.map((row) => (row.part === 2 ? { ...row, outcomes: Buffer.from('x') } : row));
  const first = await enter(damaged);
  expect(first.fault).toMatchObject({ code: 'ERR_DAMAGED_PART' });
  expect(first.totals).toMatchObject({ total: 4, saved: 2, skipped: 0 });
  expect(await manifest()).toEqual(plans.slice(0, 2).map(savedOf));
  const second = await enter(rows);
  expect(second.fault).toBeNull();
  expect(second.totals).toMatchObject({ total: 4, alreadySaved: 2, saved: 2, skipped: 0 });
  expect(await manifest()).toEqual(plans.map(savedOf));
});

it('refuses a part that lacks the outcome of a job', async () => {
  const rows = await parts();
  const { fault } = await enter(rows.map((row) => ({ ...row, jobs: 2 })));
  expect(fault).toMatchObject({ code: 'ERR_DAMAGED_PART' });
});

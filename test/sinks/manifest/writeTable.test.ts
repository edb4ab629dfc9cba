import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import papaparse from 'papaparse';
import { expect, it } from 'vitest';
import { writeTable } from '../../../src/sinks/manifest/tables.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

const picture = {
  role: 'original',
  name: 'original',
  path: 'a/1.png',
  width: 1024,
  height: 768,
  format: 'png',
  bytes: 3_000_000_000,
  sha256: 'ab'.repeat(32),
} as const;
const error = {
  name: 'PredictionError',
  code: 'ERR_REFUSED',
  message: '=1+1',
  recoverable: false,
  suggestion: '',
};
const outcomes: readonly Outcome[] = [
  anOutcome({
    index: 0,
    files: [picture],
    tags: { platform: 'web' },
    metrics: { predict_time: 1.5, score: 0.25 },
  }),
  anOutcome({ index: 1, status: 'failed', prompt: '=HYPERLINK("x")', costUsd: null, error }),
];

async function* some(list: readonly Outcome[]) {
  yield* list;
}

const first = {
  index: 0,
  status: 'saved',
  prompt: 'a cat, "sleeping"\nin the sun ☀️',
  seed: 1,
  cost_usd: 0.003,
  predict_seconds: 1.5,
  score: 0.25,
  path: 'a/1.png',
  width: 1024,
  cached: false,
};

it('writes CSV that a parser reads back, and no formulas', async () => {
  await writeTable(folder(), 'csv', some(outcomes));
  const text = await readFile(join(folder(), 'manifest.csv'), 'utf8');
  const { data, errors } = papaparse.parse<Record<string, string>>(text.trimEnd(), {
    header: true,
    dynamicTyping: true,
  });
  expect(errors).toEqual([]);
  expect(data).toMatchObject([
    { ...first, bytes: 3_000_000_000, tags: '{"platform":"web"}' },
    { index: 1, prompt: '\'=HYPERLINK("x")', error_code: 'ERR_REFUSED', error_message: "'=1+1", path: null },
  ]);
});

it('writes Parquet that a reader reads back', async () => {
  await writeTable(folder(), 'parquet', some(outcomes));
  const file = await asyncBufferFromFile(join(folder(), 'manifest.parquet'));
  const rows = await parquetReadObjects({ file });
  expect(rows).toMatchObject([
    { ...first, bytes: 3_000_000_000n },
    { index: 1, prompt: '=HYPERLINK("x")', cost_usd: null, bytes: null },
  ]);
});

it('writes many row groups, and none', async () => {
  async function* many() {
    for (let index = 0; index < 12_345; index += 1) yield anOutcome({ index });
  }
  await writeTable(folder(), 'parquet', many());
  const path = join(folder(), 'manifest.parquet');
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path), columns: ['index'] });
  expect(rows.map(({ index }) => index)).toEqual(Array.from({ length: 12_345 }, (_, index) => index));
  await writeTable(folder(), 'parquet', some([]));
  expect(await parquetReadObjects({ file: await asyncBufferFromFile(path) })).toEqual([]);
});

it.each(['csv', 'parquet'] as const)('keeps the earlier %s if outcomes cannot be read', async (format) => {
  await writeTable(folder(), format, some(outcomes));
  const before = await readFile(join(folder(), `manifest.${format}`));
  async function* broken() {
    yield* outcomes;
    throw new Error('unreadable');
  }
  await expect(writeTable(folder(), format, broken())).rejects.toThrow();
  expect(await readFile(join(folder(), `manifest.${format}`))).toEqual(before);
});

// Writes the journal and manifest of a finished run without running its jobs:
// `fillFolder.ts FOLDER JOBS`.
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { outcomeLine } from '../src/sinks/manifest/manifest.ts';
import { applyEntry, newStoredJob } from '../src/store/entries.ts';
import { loadSqlite } from '../src/store/journal/database.ts';
import { createJobTable } from '../src/store/journal/jobTable.ts';
import { openJournal } from '../src/store/journal/journal.ts';
import type { Outcome, Plan } from '../src/types.ts';
import { plansUpTo } from './memoryPorts.ts';

const [folder = '', jobs = ''] = process.argv.slice(2);
const JOBS = Number(jobs);
await fill();

async function fill(): Promise<void> {
  openJournal(folder).close();
  const database = new (loadSqlite().DatabaseSync)(join(folder, 'run.sqlite'));
  database.exec('BEGIN');
  const table = createJobTable(database, folder);
  for (const plan of plansUpTo(JOBS)) {
    const outcome = outcomeOf(plan);
    const job = newStoredJob(table.newId(), plan.index, plan.key);
    table.put(applyEntry(job, { type: 'outcome', outcome }, 3_000));
    table.addPredictionId(outcome.predictionId ?? '');
  }
  database.exec('COMMIT');
  database.close();
  // The next run to open it writes its log, and notes the checksum.
  await rm(join(folder, 'journal.jsonl'));
  openJournal(folder).close();
  const lines = function* () {
    for (const plan of plansUpTo(JOBS)) yield `${outcomeLine(outcomeOf(plan))}\n`;
  };
  await pipeline(Readable.from(lines()), createWriteStream(join(folder, 'manifest.jsonl')));
}

function outcomeOf(plan: Plan): Outcome {
  const { index, key, prompt, model, version, input, tags, path } = plan;
  return {
    index,
    key,
    status: 'saved',
    prompt,
    model,
    version,
    input,
    tags,
    predictionId: `${((index * 2_654_435_761) % 2 ** 32).toString(36)}-${index.toString(36)}`.padStart(
      26,
      '0',
    ),
    attempts: 1,
    files: [
      {
        role: 'original',
        name: 'original',
        path: `${path}.webp`,
        width: 1024,
        height: 1024,
        format: 'webp',
        bytes: 1_000_000,
        sha256: 'b'.repeat(64),
      },
    ],
    metrics: { predict_time: 1.5, total_time: 1.6 },
    costUsd: 0.003,
    cached: false,
    createdAt: '2026-11-23T04:00:00.123456Z',
    completedAt: '2026-11-23T04:00:01.723456Z',
  };
}

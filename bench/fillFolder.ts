// Writes the journal and manifest of a finished run without running its jobs:
// `fillFolder.ts FOLDER JOBS`.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { loadSqlite } from '../src/store/database.ts';
import { openJournal } from '../src/store/journal.ts';
import type { Outcome, Plan } from '../src/types.ts';
import { plansUpTo } from './memoryPorts.ts';

const [folder = '', jobs = ''] = process.argv.slice(2);
const JOBS = Number(jobs);
await fill();

async function fill(): Promise<void> {
  openJournal(folder).close();
  const database = new (loadSqlite().DatabaseSync)(join(folder, 'run.sqlite'));
  database.exec('BEGIN');
  const put = database.prepare(`
    INSERT INTO job (job_index, key, prediction_id, files, state, attempts, cost_micro_usd, earlier_micro_usd, paid_micro_usd)
    VALUES (?, ?, ?, ?, 'saved', 1, 0, 0, 3000)
  `);
  const addId = database.prepare('INSERT INTO prediction VALUES (?)');
  for (const plan of plansUpTo(JOBS)) {
    const { predictionId, files } = outcomeOf(plan);
    put.run(plan.index, plan.key, predictionId, JSON.stringify(files));
    addId.run(predictionId);
  }
  database.exec('COMMIT');
  database.close();
  const lines = function* () {
    for (const plan of plansUpTo(JOBS)) yield `${JSON.stringify(outcomeOf(plan))}\n`;
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

// Measures the memory of a waiting job: in the queue of a gate, in that of the governor, as a
// journey of `generate` that waits for its slot, and, for each job of the input, in the journal and
// the manifest.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NEVER } from 'rxjs';
import { createIndexSet } from '../src/base/indexSet.ts';
import { createGate, gate } from '../src/operators/gate.ts';
import { createGovernor } from '../src/operators/pace/governor.ts';
import { createClaims } from '../src/operators/predictions/claims.ts';
import { generate } from '../src/pipelines/generate.ts';
import { createLineIndex } from '../src/sinks/manifest/jsonLines.ts';
import { openJournal } from '../src/store/journal/journal.ts';
import { memoryPorts, plansUpTo } from './memoryPorts.ts';

const MILLION = 1_000_000;

await measure('in the queue of a gate', MILLION, () => {
  const queue = createGate(1);
  for (let n = 0; n < MILLION; n += 1) NEVER.pipe(gate(queue)).subscribe();
  return queue;
});

await measure('in the queue of the governor', MILLION, () => {
  const governor = createGovernor({ perMinute: 1, burst: 1 });
  const waiting = Array.from({ length: MILLION }, () => governor.admit().subscribe());
  return { governor, waiting };
});

const journeys = 50_000;
await measure('a journey of generate that waits for its slot, its plan included', journeys, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-bench-'));
  const journal = openJournal(folder);
  const ports = memoryPorts(1_000_000, 0);
  const config = { ...ports, journal, concurrency: 1, downloads: journeys - 2 };
  const provider = { ...ports.provider, createPrediction: () => NEVER };
  const run = generate(() => plansUpTo(journeys), { ...config, provider }).subscribe();
  // Plans are pulled through promises, one after another.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  return {
    release: async () => {
      run.unsubscribe();
      journal.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

await measure('a prediction id that is known', MILLION, () =>
  createClaims(
    (function* () {
      for (let n = 0; n < MILLION; n += 1) yield Buffer.from(`${n}`.padStart(26, 'x')).toString();
    })(),
  ),
);

await measure('a job of the input, in journal and manifest', MILLION, () => {
  const saved = createIndexSet();
  const lines = createLineIndex();
  for (let index = 0; index < MILLION; index += 1) {
    saved.add(index);
    lines.set(index, { offsetBytes: index, lengthBytes: 900 });
  }
  return { saved, lines };
});

interface Held {
  readonly release?: () => unknown;
}

async function measure(what: string, jobs: number, hold: () => unknown): Promise<void> {
  const before = heldBytes();
  const held = (await hold()) as Held;
  const bytes = heldBytes() - before;
  console.log(`${what}: ${Math.round(bytes / jobs)} bytes`);
  await held.release?.();
}

function heldBytes(): number {
  if (globalThis.gc === undefined) throw new Error('Run this with node --expose-gc.');
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

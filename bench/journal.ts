// Measures the cost of the journal at 1,000 images a second: the same run with the journal on disk
// and in memory.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { count, lastValueFrom } from 'rxjs';
import { generate } from '../src/pipelines/generate.ts';
import type { RunJournal } from '../src/store/entries.ts';
import { openJournal } from '../src/store/journal/journal.ts';
import { createMemoryJournal } from '../src/store/memoryJournal.ts';
import { memoryPorts, plansUpTo } from './memoryPorts.ts';

const IMAGES = 10_000;
const folder = process.argv[2] ?? (await mkdtemp(join(tmpdir(), 'rxposure-bench-')));

async function run(journal: RunJournal): Promise<{ wallS: number; cpuS: number }> {
  const startedMs = performance.now();
  const cpuBefore = process.cpuUsage();
  const config = { ...memoryPorts(1_000, 1_500), journal, concurrency: 2_000 };
  const made = await lastValueFrom(generate(() => plansUpTo(IMAGES), config).pipe(count()));
  journal.close();
  if (made !== IMAGES) throw new Error(`Expected ${IMAGES} outcomes, got ${made}`);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wallS: (performance.now() - startedMs) / 1_000, cpuS: (user + system) / 1_000_000 };
}

// One run first, so that both are measured with warm code; then in turns, so that both see the same
// load of the machine.
await run(createMemoryJournal());
for (let round = 0; round < 3; round += 1) {
  const memory = await run(createMemoryJournal());
  const disk = await run(openJournal(join(folder, String(round))));
  const wall = (100 * (disk.wallS - memory.wallS)) / disk.wallS;
  const cpu = (100 * (disk.cpuS - memory.cpuS)) / disk.wallS;
  console.log(
    `${IMAGES} images: in memory ${memory.wallS.toFixed(2)} s wall, ${memory.cpuS.toFixed(2)} s CPU; ` +
      `on disk ${disk.wallS.toFixed(2)} s wall, ${disk.cpuS.toFixed(2)} s CPU; ` +
      `the journal: ${wall.toFixed(1)} % of the wall time, ${cpu.toFixed(1)} % of one core`,
  );
}
await rm(folder, { recursive: true, force: true });

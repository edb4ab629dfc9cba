// Measures the time and memory of each step to resume a folder with a million finished jobs.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { generate } from '../src/pipelines/generate.ts';
import { writeReportAndTables } from '../src/pipelines/run/closing/results.ts';
import { countSaved } from '../src/pipelines/run/earlier/earlierRuns.ts';
import { matchInput } from '../src/pipelines/run/matching/matchInput.ts';
import { openRun } from '../src/pipelines/run/openRun.ts';
import { memoryPorts, plansUpTo } from './memoryPorts.ts';

const JOBS = Number(process.argv[2] ?? 1_000_000);
const folder = await mkdtemp(join(tmpdir(), 'rxposure-bench-'));
// In a separate process, so that its memory does not count.
spawnSync(process.execPath, ['--import', 'tsx', 'bench/fillFolder.ts', folder, String(JOBS)], {
  stdio: 'inherit',
});

const { provider } = memoryPorts(1_000, 0);
console.log(`${JOBS} finished jobs`);
const run = await measured('open journal and manifest', () => openRun({ folder, provider }));
await measured('match all jobs by their keys', () =>
  matchInput(() => plansUpTo(JOBS), { fingerprint: 'same', total: JOBS }, run),
);
await measured('match an input that has not changed', () =>
  matchInput(() => plansUpTo(JOBS), { fingerprint: 'same', total: JOBS }, run),
);
const saved = await measured('count saved jobs', () => countSaved(() => plansUpTo(JOBS), JOBS, run));
if (saved !== JOBS) throw new Error(`Expected ${JOBS} saved jobs, got ${saved}`);
await measured('skip all plans', () =>
  lastValueFrom(
    generate(() => plansUpTo(JOBS), run.config),
    { defaultValue: null },
  ),
);
const totals = {
  total: JOBS,
  saved: 0,
  failed: 0,
  skipped: 0,
  alreadySaved: JOBS,
  costUsd: 0,
  costIncomplete: false,
};
await measured('write manifest.json and report.json', () =>
  writeReportAndTables({ totals, fault: null, startedAtMs: 0, elapsedMs: 0 }, run),
);
await run.close();
await rm(folder, { recursive: true, force: true });

async function measured<T>(step: string, task: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await task();
  const seconds = (performance.now() - startedMs) / 1_000;
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const heldMb = (heapUsed + arrayBuffers) / 2 ** 20;
  const peakMb = process.resourceUsage().maxRSS / 1_024;
  console.log(
    `  ${step}: ${seconds.toFixed(1)} s, ${heldMb.toFixed(0)} MB held, ${peakMb.toFixed(0)} MB peak`,
  );
  return result;
}

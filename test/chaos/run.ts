// Kills runs again and again, changes their folders and inputs before they start again, and counts
// the losses: `npm run chaos -- --kills 200`. Linux and macOS, some minutes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BatchReport } from './runBatch.ts';
import { runSuite } from './runSuite.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    prompts: { type: 'string', default: '40' },
  },
});
const [kills = 0, seed = 0, prompts = 0] = [values.kills, values.seed, values.prompts].map(Number);
if (![kills, seed, prompts].every((value) => Number.isInteger(value) && value >= 1)) {
  process.stderr.write('error: Expected --kills, --seed and --prompts to be whole numbers of 1 or more\n');
  process.exit(2);
}
process.once('SIGINT', () => process.exit(130));

const print = (line: string) => process.stdout.write(`${line}\n`);
const columns = ['workload', 'kills', 'runs', 'jobs', 'made', 'failed', 'lost', 'paid twice', 'listed'];
const row = (cells: readonly (string | number)[]) =>
  cells.map((cell, at) => (at === 0 ? String(cell).padEnd(12) : String(cell).padStart(10))).join(' ');
const cellsOf = ({ workload, kills, runs, jobs, stats, lost, paidTwice, listed }: BatchReport) => [
  workload,
  ...[kills, runs, jobs, stats.created, stats.failed, lost, paidTwice, listed],
];

const folder = await mkdtemp(join(tmpdir(), 'rxposure-chaos-'));
const startedAtMs = performance.now();
print(`${kills} kills over batches of ${prompts} prompts, seed ${seed}, in ${folder}\n\n${row(columns)}`);
const reports = await runSuite({
  folder,
  kills,
  seed,
  prompts,
  onBatch: (report) => print(row(cellsOf(report))),
});

const sums = reports
  .map((report) => cellsOf(report).slice(1).map(Number))
  .reduce((sum, cells) => sum.map((value, at) => value + (cells[at] ?? 0)));
print(row(['all', ...sums]));

const faults = new Map<string, number>();
for (const [name, times] of reports.flatMap((report) => [...report.faults])) {
  faults.set(name, (faults.get(name) ?? 0) + times);
}
print('\nFaults met, kills aside:');
for (const [name, times] of [...faults].sort()) print(`  ${name.padEnd(34)}${times}`);
print(`\n${((performance.now() - startedAtMs) / 1_000).toFixed(0)} s`);

const problems = reports.flatMap(({ workload, problems }) => problems.map((text) => `${workload}: ${text}`));
if (problems.length === 0) {
  print('Nothing lost, nothing paid twice, nothing left over.');
  await rm(folder, { recursive: true, force: true });
} else {
  print(`\nWRONG; look into ${folder}:`);
  for (const problem of problems) print(`  ${problem}`);
  process.exitCode = 1;
}

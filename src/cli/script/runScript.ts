import { type Observable, ReplaySubject } from 'rxjs';
import { StorageError } from '../../errors.ts';
import { jsonLine } from '../../events/listeners.ts';
import { type ScriptHost, type ScriptIo, type TextStream, terminalCodes } from '../display/terminal.ts';
import { redact } from './environment.ts';
import { errorEvent, errorLines, exitCodeOfError } from './exit.ts';

/** A script: takes the arguments after its name, resolves with the exit code. */
export type ScriptMain = (argv: readonly string[], io: ScriptIo) => Promise<number>;

/**
 * Runs a script's `main` and sets the exit code. Prints every error in a line or two (as an event
 * too under `--json`), without a stack and without the API token. A reader that goes away
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
  // After an error outside of `main`, in a callback, the state is unknown: exit.
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

/** The state of an output while a script runs. */
interface OutputWatch {
  /** Emits once the output can no longer be written to; late subscribers get it too. */
  readonly closed: Observable<void>;
  /** Returns the error that closed it; null if it is open or its reader went away (EPIPE). */
  fault(): StorageError | null;
}

/**
 * Handles the errors of an output stream, which would otherwise end the process. The listener
 * stays, because the error of the last write may come after the script's end.
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
  return new StorageError('ERR_OUTPUT', `Cannot write to standard output: ${error.message}`, {
    suggestion: 'Free some space, or write to another disk.',
    cause: error,
  });
}

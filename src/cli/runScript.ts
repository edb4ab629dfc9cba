import { jsonLine } from '../events/jsonLine.ts';
import { errorEvent } from './errorEvent.ts';
import { errorLines } from './errorLines.ts';
import { exitCodeOfError } from './exitCodeOfError.ts';
import { redact } from './redact.ts';
import type { ScriptHost, ScriptIo } from './ScriptIo.ts';
import { terminalCodes } from './terminalCodes.ts';
import { watchOutput } from './watchOutput.ts';

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

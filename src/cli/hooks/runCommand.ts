import { type ChildProcess, spawn } from 'node:child_process';
import { cutToBytes, withoutStop } from '../../base/text.ts';
import { plainText } from '../display/text.ts';

/** The content that a hook gets, and the time that it may take. */
export interface HookCall {
  /** Variables of its environment, besides those of this process. */
  readonly facts: Readonly<Record<string, string>>;
  /** JSON on its standard input. */
  readonly content: object;
  readonly timeoutMs: number;
}

export interface HookEnvironment {
  /** The environment of this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The API token; no variable that has it is passed on. Null if there is none. */
  readonly token: string | null;
}

/** Longest value of a variable: systems refuse some that are much longer. */
const MOST_BYTES = 8_000;
/** The part of standard error that is kept for a message. */
const TAIL_CHARS = 2_000;
/** Longest wait for the end of standard error, once the command itself has ended. */
const PIPE_MS = 500;

/**
 * Runs a command as the user typed it, in a shell. It gets its content by variables of its
 * environment and by standard input, never as a part of the command. Its output is not shown.
 * Resolves with null if it has ended well, else with the reason; never rejects. Ends it, with all
 * processes that it has started, when its time is over or `signal` aborts.
 */
export function runCommand(
  command: string,
  { facts, content, timeoutMs }: HookCall,
  { env, token }: HookEnvironment,
  signal?: AbortSignal,
): Promise<string | null> {
  return new Promise((done) => {
    let child: ChildProcess;
    try {
      child = spawn(command, {
        shell: true,
        // A group of its own, so that it can be ended as a whole, and Ctrl-C lets it finish.
        detached: process.platform !== 'win32',
        stdio: ['pipe', 'ignore', 'pipe'],
        env: { ...withoutToken(env, token), ...asVariables(facts) },
      });
    } catch (error) {
      done(error instanceof Error ? error.message : String(error));
      return;
    }
    let tail = '';
    let reason: string | null = null;
    const end = (why: string): void => {
      reason = why;
      endGroup(child);
    };
    const timer = setTimeout(() => end(`it took longer than ${timeoutMs / 1_000} s`), timeoutMs);
    const abort = () => end('the run was left');
    signal?.addEventListener('abort', abort, { once: true });
    const finish = (failure: string | null): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      // A process that it has left behind may hold the pipe.
      child.stderr?.destroy();
      done(reason ?? failure);
    };
    child.on('error', (error) => finish(error.message));
    child.on('exit', (code, by) => {
      if (code === 0) return finish(null);
      // The last output may still be in the pipe.
      const tell = () => finish(failureOf(code, by, tail));
      const latest = setTimeout(tell, PIPE_MS);
      child.once('close', () => {
        clearTimeout(latest);
        tell();
      });
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-TAIL_CHARS);
    });
    // The command need not read its input.
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${JSON.stringify(content)}\n`);
  });
}

function failureOf(code: number | null, signal: NodeJS.Signals | null, tail: string): string {
  const last = withoutStop(plainText(tail.trim().split('\n').at(-1) ?? ''));
  const how = code === null ? `it was ended by ${signal}` : `exit code ${code}`;
  return last === '' ? how : `${how}, ${last}`;
}

function withoutToken(
  env: HookEnvironment['env'],
  token: string | null,
): Readonly<Record<string, string | undefined>> {
  const { REPLICATE_API_TOKEN: _token, ...others } = env;
  if (token === null) return others;
  return Object.fromEntries(Object.entries(others).filter(([, value]) => !value?.includes(token)));
}

function asVariables(facts: HookCall['facts']): Record<string, string> {
  const short = (text: string) => cutToBytes(text.replaceAll('\0', ''), MOST_BYTES);
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [`RXPOSURE_${name}`, short(value)]));
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

/**
 * A run of `pipelines/generate.ts`, or another script, as a user starts it: a process of its own,
 * in a group of its own.
 */
export interface GenerateRun {
  readonly pid?: number | undefined;
  /** Ends the whole group at once, with no chance to clean up; does nothing if it has ended. */
  kill(): void;
  /** How it ended: an exit code, or null if it was killed. */
  readonly ended: Promise<number | null>;
  /** Returns its standard error so far. */
  said(): string;
  /** Returns its standard output so far. */
  printed(): string;
}

export function startGenerate(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  script = 'generate.ts',
): GenerateRun {
  const child = spawn(process.execPath, [resolve('pipelines', script), ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env, NO_COLOR: '1' },
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  running.add(child);
  const ended = once(child, 'close').then(([code]: (number | null)[]) => {
    running.delete(child);
    return code ?? null;
  });
  return { pid: child.pid, kill: () => killGroup(child), ended, said: () => text, printed: () => output };
}

/** A run in a group of its own would outlive the process that started it. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) killGroup(child);
});

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  process.kill(-pid, 'SIGKILL');
}

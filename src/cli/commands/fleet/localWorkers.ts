import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { ownProgram } from '../../../disk/ownProgram.ts';

/** Worker processes on this machine. */
export interface LocalWorkers {
  /** Resolves with the exit code of a worker that cannot work: its message is on the terminal. */
  readonly failed: Promise<number>;
  /**
   * Ends the workers, and resolves when all have ended. They have 40 s, or until `leave` resolves,
   * for their jobs in flight; then they are killed. Default of `leave`: never.
   */
  stop(leave?: Promise<unknown>): Promise<void>;
}

/**
 * Starts a worker process with these words; its errors are on the terminal. It ends with this
 * process, however that ends.
 */
export function workerProcess(words: readonly string[]): ChildProcess {
  const entry = ownProgram('cli/bin/rxposure');
  return spawn(process.execPath, [...process.execArgv, entry, 'worker', ...words], {
    // It ends if the channel does.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Ctrl-C in a terminal reaches all processes of a group; a worker ends when this one stops it.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
}

/** A worker that lived for less has not worked. */
const QUICK_MS = 10_000;
/** So many quick ends in a row are no accident. */
const MOST_QUICK = 3;
/** Jobs in flight have 30 s; a worker that is not done then waits for something else. */
const LONGEST_STOP_MS = 40_000;

/**
 * Starts worker processes. Restarts one that ends, after a pause, unless it ended soon after its
 * start several times in a row, or cannot work.
 */
export function startWorkers(
  spawnOne: () => ChildProcess,
  { count, pauseMs = 1_000 }: { readonly count: number; readonly pauseMs?: number },
): LocalWorkers {
  const workers = new Map<number, ChildProcess>();
  let isOver = false;
  let fail: (code: number) => void = () => {};
  const failed = new Promise<number>((settle) => {
    fail = settle;
  });
  const start = (place: number, quick = 0): void => {
    if (isOver) return;
    const begunAtMs = performance.now();
    const worker = spawnOne();
    workers.set(place, worker);
    worker.once('exit', (code, signal) => {
      if (isOver) return;
      // A killed one, such as by the system for its memory, has no code of its own.
      const ends = signal === null && performance.now() - begunAtMs < QUICK_MS ? quick + 1 : 0;
      if (code === 2 || ends >= MOST_QUICK) fail(code ?? 1);
      else globalThis.setTimeout(start, pauseMs * 2 ** ends, place, ends).unref();
    });
  };
  for (let place = 0; place < count; place += 1) start(place);
  return {
    failed,
    async stop(leave = new Promise(() => {})) {
      isOver = true;
      const running = [...workers.values()].filter(
        ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
      );
      const gone = running.map((worker) => once(worker, 'exit'));
      for (const worker of running) worker.kill('SIGTERM');
      const all = Promise.all(gone);
      await Promise.race([all, leave, setTimeout(LONGEST_STOP_MS, null, { ref: false })]);
      for (const worker of running) worker.kill('SIGKILL');
      await all;
    },
  };
}

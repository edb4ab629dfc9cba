import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isClone } from '../../display/commandLine.ts';

/** Worker processes on this machine. */
export interface LocalWorkers {
  /** Resolves with the exit code of a worker that cannot work: its message is on the terminal. */
  readonly failed: Promise<number>;
  stop(): Promise<void>;
}

/** Starts a worker process with these words; its errors are on the terminal. */
export function workerProcess(words: readonly string[]): ChildProcess {
  const entry = fileURLToPath(
    isClone
      ? new URL('../../bin/rxposure.ts', import.meta.url)
      : // The build puts this module into a file elsewhere.
        new URL('./dist/cli/bin/rxposure.js', import.meta.resolve('rxposure/package.json')),
  );
  return spawn(process.execPath, [...process.execArgv, entry, 'worker', ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** A worker that lived for less has not worked. */
const QUICK_MS = 10_000;
/** So many quick ends in a row are no chance. */
const MOST_QUICK = 3;

/**
 * Starts worker processes; one that dies is begun again after a pause, unless it died at its start
 * again and again, or cannot work.
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
      else setTimeout(start, pauseMs * 2 ** ends, place, ends).unref();
    });
  };
  for (let place = 0; place < count; place += 1) start(place);
  return {
    failed,
    async stop() {
      isOver = true;
      const running = [...workers.values()].filter(
        ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
      );
      const gone = running.map((worker) => once(worker, 'exit'));
      for (const worker of running) worker.kill('SIGTERM');
      await Promise.all(gone);
    },
  };
}

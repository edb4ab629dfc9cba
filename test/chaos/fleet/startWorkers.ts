import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type GenerateRun, startGenerate } from '../startGenerate.ts';

/** Worker processes, each begun again after it has died. */
export interface Workers {
  /** Kills one, by its place or by its process; returns false if there is none. */
  kill(which: number): boolean;
  /** Stops one for a time, as a machine that sleeps; returns false if there is none. */
  pause(pid: number, forMs: number): boolean;
  /** The processes, by their places. */
  pids(): readonly number[];
  /** Ends all of them. */
  close(): Promise<void>;
  /** What they have said, those that have died too. */
  said(): string;
}

/** Starts so many workers, on one shared folder or with `flags` in its place. */
export function startWorkers(
  count: number,
  {
    shared,
    url,
    env,
    flags = ['--shared', shared],
  }: { shared: string; url: string; env: Readonly<Record<string, string>>; flags?: readonly string[] },
): Workers {
  const workers: GenerateRun[] = [];
  const said: string[] = [];
  let isClosed = false;
  const start = (place: number): void => {
    const cache = join(env.XDG_CACHE_HOME ?? shared, String(place));
    mkdirSync(cache, { recursive: true });
    const own = { ...env, XDG_CACHE_HOME: cache };
    const worker = startGenerate([`--queue=${url}`, ...flags], own, 'worker.ts');
    workers[place] = worker;
    void worker.ended.then((code) => {
      said.push(`${worker.said().slice(-2_000)}\n[${code ?? 'killed'}]`);
      if (!isClosed) start(place);
    });
  };
  for (let place = 0; place < count; place += 1) start(place);
  const ofPid = (pid: number) => workers.find((worker) => worker.pid === pid);
  return {
    kill(which) {
      const worker = workers[which] ?? ofPid(which);
      worker?.kill();
      return worker !== undefined;
    },
    pause(pid, forMs) {
      if (ofPid(pid) === undefined) return false;
      signal(pid, 'SIGSTOP');
      setTimeout(() => signal(pid, 'SIGCONT'), forMs);
      return true;
    },
    pids: () => workers.flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
    async close() {
      isClosed = true;
      for (const worker of workers) worker.kill();
      await Promise.all(workers.map(({ ended }) => ended));
    },
    said: () => said.join('\n'),
  };
}

function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(-pid, name);
  } catch {
    // It has died meanwhile.
  }
}

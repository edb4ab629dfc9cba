import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type GenerateRun, startGenerate } from '../startGenerate.ts';

/** Worker processes, each begun again after it has died. */
export interface Workers {
  /** Kills one; returns false if it is not running any more. */
  kill(pid: number): boolean;
  /** Stops one for a time, as a machine that sleeps; returns false if it does not run or sleeps. */
  pause(pid: number, forMs: number): boolean;
  /** The processes that run, by their places. */
  pids(): readonly number[];
  /** Workers that sleep now. */
  asleep(): number;
  /** Ends all of them. */
  close(): Promise<void>;
  /** Returns the output of all workers, also of those that have died. */
  said(): string;
  /** How those ended that nothing had killed. */
  faults(): readonly string[];
}

export interface WorkersConfig {
  shared: string;
  url: string;
  env: Readonly<Record<string, string>>;
  /** Variables of the worker in a place, such as those that set its clock. Default: none. */
  ownEnv?: (place: number) => Readonly<Record<string, string>>;
  /** Words besides `--queue` and `--shared`. Default: none. */
  flags?: readonly string[];
  /** False: the workers have no shared folder, and go to buckets. Default true. */
  isShared?: boolean;
  /** Default `worker.ts`, in `pipelines`. */
  script?: string;
}

/** Starts so many workers, on one shared folder or with `flags` instead. */
export function startWorkers(
  count: number,
  { shared, url, env, ownEnv = () => ({}), flags = [], isShared = true, script = 'worker.ts' }: WorkersConfig,
): Workers {
  const workers: GenerateRun[] = [];
  const said: string[] = [];
  const faults: string[] = [];
  const killed = new Set<GenerateRun>();
  const asleep = new Map<number, NodeJS.Timeout>();
  let isClosed = false;
  const start = (place: number): void => {
    const cache = join(env.XDG_CACHE_HOME ?? shared, String(place));
    mkdirSync(cache, { recursive: true });
    const own = { ...env, ...ownEnv(place), XDG_CACHE_HOME: cache };
    const worker = startGenerate(
      [`--queue=${url}`, ...(isShared ? ['--shared', shared] : []), ...flags],
      own,
      script,
    );
    workers[place] = worker;
    void worker.ended.then((code) => {
      const wake = asleep.get(worker.pid ?? 0);
      clearTimeout(wake);
      asleep.delete(worker.pid ?? 0);
      said.push(`${worker.said().slice(-2_000)}\n[${code ?? 'killed'}]`);
      if (isClosed) return;
      if (!killed.has(worker) && !foundNoDatabase(worker))
        faults.push(`a worker ended with ${code}: ${worker.said().slice(-500)}`);
      start(place);
    });
  };
  for (let place = 0; place < count; place += 1) start(place);
  const ofPid = (pid: number) => workers.find((worker) => worker.pid === pid && !killed.has(worker));
  return {
    kill(pid) {
      const worker = ofPid(pid);
      if (worker === undefined) return false;
      killed.add(worker);
      worker.kill();
      return true;
    },
    pause(pid, forMs) {
      if (ofPid(pid) === undefined || asleep.has(pid)) return false;
      signal(pid, 'SIGSTOP');
      const wake = () => {
        asleep.delete(pid);
        signal(pid, 'SIGCONT');
      };
      asleep.set(pid, setTimeout(wake, forMs));
      return true;
    },
    pids: () =>
      workers.flatMap((worker) => (worker.pid === undefined || killed.has(worker) ? [] : [worker.pid])),
    asleep: () => asleep.size,
    async close() {
      isClosed = true;
      for (const worker of workers) worker.kill();
      await Promise.all(workers.map(({ ended }) => ended));
    },
    said: () => said.join('\n'),
    faults: () => faults,
  };
}

/** True of a worker that ended as it began, because there was no database: it is started again. */
function foundNoDatabase(worker: GenerateRun): boolean {
  return worker.said().startsWith('error: The database refused');
}

function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(-pid, name);
  } catch {
    // It has died meanwhile.
  }
}

import pg from 'pg';
import { createRandom } from '../../../src/simulator/engine/random.ts';
import type { SimulatorFaults } from '../../../src/simulator/index.ts';
import type { Workers } from './startWorkers.ts';
import type { GrantWatch } from './watchGrants.ts';

/** The number of blows of each kind. */
export interface Blows {
  /** `kill -9` of a worker. */
  readonly kills: number;
  /** SIGSTOP for longer than the heartbeat, half of them aimed at a grant. */
  readonly pauses: number;
  /** The database ends at once and starts again. */
  readonly databaseKills: number;
  /** All connections are cut. */
  readonly cuts: number;
}

/** A worker that was stopped at a grant, and when; ms since 1970. */
export interface AimedPause {
  readonly pid: number;
  readonly atMs: number;
}

/** The blows that a fleet has got. */
export interface Struck extends Blows {
  /** The same by moments, such as `kill before a grant`. */
  readonly moments: ReadonlyMap<string, number>;
  readonly aimed: readonly AimedPause[];
  /** Connections that were cut. */
  readonly severed: number;
}

export interface BlowsConfig {
  blows: Partial<Blows>;
  seed: number;
  /** Address of the database. */
  url: string;
  /** Kills the server of the database, and starts it again; needed for `databaseKills`. */
  restartDatabase?: () => Promise<void>;
  /**
   * Time between two blows, at least and at most: the parts of the last one are taken over
   * meanwhile, or not. Default 500 and 4,000.
   */
  betweenMs?: readonly [number, number];
}

/** Strikes a fleet while it works. */
export interface StruckFleet {
  /** The same faults, with the moments of kills looked for. */
  over(faults: SimulatorFaults): SimulatorFaults;
  /** `promptOf` returns the prompt of a job. */
  begin(workers: Workers, grants: GrantWatch, promptOf: (index: number) => string | undefined): void;
  /** Strikes no more; resolves when the last blow is over. */
  end(): Promise<void>;
  struck(): Struck;
}

/** Longer than the heartbeat, so that the parts of a worker that sleeps go to another one. */
const PAUSE_MS = 13_000;
/** With all of them asleep, no part would be taken over. */
const MOST_ASLEEP = 2;

/**
 * Plans the blows of a run: kills just before and after a grant, just before and after a create
 * request has its effect, at a download, and at any time; pauses just before and after a grant, and
 * as often at any time.
 */
export function createBlows({
  blows,
  seed,
  url,
  restartDatabase,
  betweenMs = [500, 4_000],
}: BlowsConfig): StruckFleet {
  const random = createRandom(`${seed}/blows`);
  const struck = { kills: 0, pauses: 0, databaseKills: 0, cuts: 0, severed: 0 };
  const moments = new Map<string, number>();
  const aimed: AimedPause[] = [];
  const left = (['kills', 'pauses', 'databaseKills', 'cuts'] as const).flatMap((blow) =>
    Array<keyof Blows>(blows[blow] ?? 0).fill(blow),
  );
  let workers: Workers | null = null;
  let watch: GrantWatch | null = null;
  let isOver = false;
  // The blow at the next moment of each kind.
  let atGrant: ((pid: number) => void) | null = null;
  let atCreate: ((pid: number) => void) | null = null;
  let atCreated: ((pid: number) => void) | null = null;
  let atFile: ((pid: number) => void) | null = null;
  /** Worker that has got the last grant for a prompt, and for any. */
  const pidOf = new Map<unknown, number>();
  let lastPid = 0;
  const pending = new Set<Promise<unknown>>();

  const count = (blow: keyof Blows, moment: string): void => {
    left.splice(left.indexOf(blow), 1);
    struck[blow] += 1;
    moments.set(moment, (moments.get(moment) ?? 0) + 1);
  };
  const hasLeft = (blow: keyof Blows) => !isOver && left.includes(blow);
  const kill = (moment: string) => (pid: number) => {
    if (hasLeft('kills') && workers?.kill(pid) === true) count('kills', `kill ${moment}`);
  };
  const pause = (moment: string) => (pid: number) => {
    if (!hasLeft('pauses') || (workers?.asleep() ?? 0) >= MOST_ASLEEP) return;
    if (workers?.pause(pid, PAUSE_MS) !== true) return;
    count('pauses', `pause ${moment}`);
    if (moment.includes('grant')) aimed.push({ pid, atMs: Date.now() });
  };
  const anyone = (then: (pid: number) => void) => {
    const pids = workers?.pids() ?? [];
    if (pids.length > 0) then(random.pick(pids as [number, ...number[]]));
  };
  const later = (work: Promise<unknown>) => {
    const done = work.catch(() => {}).finally(() => pending.delete(done));
    pending.add(done);
  };
  const beforeGrant = (then: (pid: number) => void) => {
    if (watch !== null) later(watch.beforeGrant(then));
  };
  const cut = async (): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    const { rowCount } = await client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    count('cuts', 'cut');
    struck.severed += rowCount ?? 0;
    await client.end();
  };
  const strike = (): void => {
    const blow = random.pick(left as [keyof Blows, ...(keyof Blows)[]]);
    if (blow === 'kills') {
      const kinds: readonly [() => void, ...(() => void)[]] = [
        () => anyone(kill('at any time')),
        () => beforeGrant(kill('before a grant')),
        () => (atGrant = kill('after a grant')),
        () => (atCreate = kill('before a create request')),
        () => (atCreated = kill('after a create request')),
        () => (atFile = kill('at a download')),
      ];
      random.pick(kinds)();
    } else if (blow === 'pauses') {
      // By turns: half of them at grants.
      if (struck.pauses % 2 === 1) anyone(pause('at any time'));
      else if (struck.pauses % 4 === 0) beforeGrant(pause('before a grant'));
      else atGrant = pause('after a grant');
    } else if (blow === 'cuts') later(cut());
    else if (restartDatabase !== undefined) {
      count('databaseKills', 'database killed');
      later(restartDatabase());
    }
  };
  const next = (): void => {
    if (isOver || left.length === 0) return;
    strike();
    setTimeout(next, random.between(...betweenMs));
  };
  const workerOf = ({ input }: { readonly input: Readonly<Record<string, unknown>> }) =>
    pidOf.get(input.prompt) ?? lastPid;
  const over = (faults: SimulatorFaults): SimulatorFaults => ({
    ...faults,
    beforeCreate: (wanted) => {
      const strikeNow = atCreate;
      atCreate = null;
      strikeNow?.(workerOf(wanted));
      return faults.beforeCreate?.(wanted) ?? null;
    },
    afterCreate: (prediction) => {
      const strikeNow = atCreated;
      atCreated = null;
      strikeNow?.(workerOf(prediction));
      return faults.afterCreate?.(prediction) ?? null;
    },
    onFile: (prediction, place) => {
      const strikeNow = atFile;
      atFile = null;
      strikeNow?.(workerOf(prediction));
      return faults.onFile?.(prediction, place) ?? null;
    },
  });
  return {
    over,
    begin(given, grants, promptOf) {
      workers = given;
      watch = grants;
      grants.onGrant = (pid, index) => {
        lastPid = pid;
        pidOf.set(promptOf(index), pid);
        const strikeNow = atGrant;
        atGrant = null;
        strikeNow?.(pid);
      };
      // The workers load their code first.
      setTimeout(next, 3_000);
    },
    async end() {
      isOver = true;
      await Promise.all(pending);
    },
    struck: () => ({ ...struck, moments, aimed }),
  };
}

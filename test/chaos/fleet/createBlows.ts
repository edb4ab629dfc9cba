import pg from 'pg';
import { createRandom } from '../../../src/simulator/engine/random.ts';
import type { SimulatorFaults } from '../../../src/simulator/index.ts';
import type { Blows, FleetConfig } from './runFleet.ts';
import type { Workers } from './startWorkers.ts';
import type { GrantWatch } from './watchGrants.ts';

/** What befalls a fleet while it works. */
export interface StruckFleet {
  /** The same faults, with the moments of kills looked for. */
  over(faults: SimulatorFaults): SimulatorFaults;
  begin(workers: Workers, grants: GrantWatch): void;
  /** Strikes no more; resolves when the last blow is over. */
  end(): Promise<void>;
  struck(): Blows;
}

/** Longer than the heartbeat, so that the parts of a worker that sleeps go to another one. */
const PAUSE_MS = 13_000;
type Blow = keyof Blows;

/**
 * Plans the blows of a run: kills at a grant, just before or after a create request has its effect,
 * at a download, and at any time; pauses at grants and at any time.
 */
export function createBlows({
  blows,
  seed,
  url,
  restartDatabase,
  betweenMs = [200, 2_500],
}: FleetConfig): StruckFleet {
  const random = createRandom(`${seed}/blows`);
  const struck = { kills: 0, pauses: 0, databaseKills: 0, cuts: 0 };
  const left: Blow[] = (['kills', 'pauses', 'databaseKills', 'cuts'] as const).flatMap((blow) =>
    Array<Blow>(blows[blow] ?? 0).fill(blow),
  );
  let workers: Workers | null = null;
  let isOver = false;
  /** What is to happen at the next moment of this kind. */
  let atCreate: (() => void) | null = null;
  let atCreated: (() => void) | null = null;
  let atFile: (() => void) | null = null;
  let atGrant: ((pid: number) => void) | null = null;
  /** The worker that has got the last grant: most probably that of the next create request. */
  let lastPid = 0;
  const pending = new Set<Promise<unknown>>();

  const take = (blow: Blow) => {
    const at = left.indexOf(blow);
    if (at >= 0) left.splice(at, 1);
    struck[blow] += 1;
  };
  const killOf = (pid: number) => {
    if (workers?.kill(pid) === true) take('kills');
  };
  const anyPid = () => random.pick((workers?.pids() ?? [0]) as [number, ...number[]]);
  const cut = async () => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    await client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await client.end();
  };
  const strike = (): void => {
    const blow = random.pick(left as [Blow, ...Blow[]]);
    if (blow === 'kills') {
      const moments: readonly [() => void, ...(() => void)[]] = [
        () => killOf(anyPid()),
        () => (atGrant = killOf),
        () => (atCreate = () => killOf(lastPid)),
        () => (atCreated = () => killOf(lastPid)),
        () => (atFile = () => killOf(anyPid())),
      ];
      random.pick(moments)();
    } else if (blow === 'pauses') {
      const pause = (pid: number) => {
        if (workers?.pause(pid, PAUSE_MS) === true) take('pauses');
      };
      if (random.next() < 0.5) atGrant = pause;
      else pause(anyPid());
    } else if (blow === 'cuts') {
      take(blow);
      pending.add(cut().catch(() => {}));
    } else if (restartDatabase !== undefined) {
      take(blow);
      pending.add(restartDatabase());
    }
  };
  const next = (): void => {
    if (isOver || left.length === 0) return;
    strike();
    setTimeout(next, random.between(...betweenMs));
  };
  const once = (moment: (() => void) | null, clear: () => void): void => {
    clear();
    moment?.();
  };
  return {
    over: (faults) => ({
      ...faults,
      beforeCreate: (wanted) => {
        once(atCreate, () => (atCreate = null));
        return faults.beforeCreate?.(wanted) ?? null;
      },
      afterCreate: (prediction) => {
        once(atCreated, () => (atCreated = null));
        return faults.afterCreate?.(prediction) ?? null;
      },
      onFile: (prediction, place) => {
        once(atFile, () => (atFile = null));
        return faults.onFile?.(prediction, place) ?? null;
      },
    }),
    begin(given, grants) {
      workers = given;
      grants.onGrant = (pid) => {
        lastPid = pid;
        const moment = atGrant;
        atGrant = null;
        moment?.(pid);
      };
      // The workers load their code first.
      setTimeout(next, 3_000);
    },
    async end() {
      isOver = true;
      await Promise.all(pending);
    },
    struck: () => ({ ...struck }),
  };
}

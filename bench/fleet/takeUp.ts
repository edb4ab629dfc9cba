import { setTimeout as delay } from 'node:timers/promises';
import { startFleet } from './fleet.ts';
import type { Ground } from './ground.ts';

const LOOK_EVERY_MS = 20;

/**
 * Kills workers in the middle of their parts, one after the other; returns the times until other
 * workers had all parts of each, in seconds.
 */
export async function takeUp(ground: Ground, kills: number, heartbeatS: number): Promise<readonly number[]> {
  const fleet = await startFleet(ground, {
    ...{ workers: 3, slots: 12, perMinute: 100_000, prompts: 5_000, heartbeatS },
  });
  const { query, workers } = fleet;
  const partsOf = async (pid: number) =>
    query(`SELECT part, epoch FROM rx.part WHERE state = 'taken' AND owner LIKE '%/' || $1::text`, [
      `${pid}`,
    ]);
  const times: number[] = [];
  try {
    for (let turn = 0; times.length < kills; turn += 1) {
      const pid = workers.pids()[turn % 3] ?? 0;
      const parts = await partsOf(pid);
      const inFlight = await query(
        `SELECT FROM rx.flight f JOIN rx.job j USING (run, job_index) WHERE j.part = ANY ($1::integer[])`,
        [parts.map(({ part }) => part)],
      );
      if (inFlight.length === 0) {
        await delay(500);
        continue;
      }
      const killedMs = performance.now();
      workers.kill(pid);
      const left = `SELECT FROM rx.part p JOIN unnest($1::integer[], $2::integer[]) AS k(part, epoch)
        ON p.part = k.part AND p.epoch = k.epoch AND p.state = 'taken'`;
      const values = [parts.map(({ part }) => part), parts.map(({ epoch }) => epoch)];
      while ((await query(left, values)).length > 0) await delay(LOOK_EVERY_MS);
      times.push((performance.now() - killedMs) / 1_000);
      // The next worker has reported that it is alive at another moment.
      await delay(3_000 + turn * 700);
    }
  } finally {
    await fleet.close();
  }
  return times;
}

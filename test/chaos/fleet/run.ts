// Kills, stops and cuts off the workers of a fleet again and again, and its database, and counts
// the losses: `npm run chaos:fleet`. Linux and macOS; half an hour with the defaults.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '../../../src/fleet/database/connection.ts';
import { startLocalDatabase } from '../../../src/fleet/local/localDatabase.ts';
import { onlyKills, profile } from '../workloads/profiles.ts';
import { whyNoSkew } from './clockAhead.ts';
import type { Blows } from './createBlows.ts';
import { printReport, printSums, printTitle } from './printReport.ts';
import { type FleetConfig, type FleetReport, runFleet } from './runFleet.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    pauses: { type: 'string', default: '100' },
    databases: { type: 'string', default: '10' },
    cuts: { type: 'string', default: '20' },
    // Seconds by which the clocks of two workers differ, in a lane of its own; 0: no such lane.
    skew: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    prompts: { type: 'string', default: '240' },
    // Lanes that run side by side, but for the one that kills their database.
    lanes: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
});
const number = (name: Exclude<keyof typeof values, 'only'>): number => {
  if (/^\d{1,6}$/.test(values[name])) return Number(values[name]);
  process.stderr.write(`error: Expected --${name} to be a whole number, got ${values[name]}\n`);
  process.exit(2);
};
const [kills, pauses, prompts, seed, skewS] = [
  number('kills'),
  number('pauses'),
  number('prompts'),
  number('seed'),
  number('skew'),
];
const share = (of: number, part: number) => Math.round(of * part);

type Lane = Pick<FleetConfig, 'name' | 'workload' | 'blows'> & Partial<FleetConfig>;
/** Each lane is run again until its blows have struck. Every eighth request is equal to another. */
const lanes: readonly Lane[] = [
  { name: 'calm', workload: onlyKills, blows: { kills: share(kills, 0.25) } },
  { name: 'storm', workload: profile('storm'), blows: { kills: share(kills, 0.2) } },
  { name: 'resets', workload: profile('resets'), blows: { kills: share(kills, 0.2) } },
  {
    name: 'budget',
    workload: onlyKills,
    affordable: share(prompts, 2 / 3),
    blows: { kills: share(kills, 0.2) },
  },
  // Slow enough to be at its pace for longer than a minute.
  { name: 'paced', workload: onlyKills, perMinute: 120, blows: { kills: share(kills, 0.15) } },
  { name: 'pauses', workload: onlyKills, blows: { pauses: share(pauses, 0.5) } },
  { name: 'sleepy storm', workload: profile('storm'), blows: { pauses: share(pauses, 0.5) } },
  {
    name: 'database',
    workload: onlyKills,
    blows: { databaseKills: number('databases'), cuts: number('cuts') },
  },
  ...(skewS === 0
    ? []
    : [
        {
          name: 'clocks',
          workload: profile('storm'),
          skewsS: [skewS / 2, -skewS / 2, 0],
          blows: { kills: share(kills, 0.1), pauses: share(pauses, 0.1) },
        },
      ]),
];

const folder = await mkdtemp(join(tmpdir(), 'rxposure-fleet-'));
const server = await startLocalDatabase();
process.once('SIGINT', () => void server.close().then(() => process.exit(130)));
let databasesMade = 0;
async function newDatabase(): Promise<string> {
  databasesMade += 1;
  const name = `chaos_${databasesMade}`;
  const admin = await openDatabase({ url: server.url, connections: 1 });
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.close();
  return server.url.replace(/\/postgres$/, `/${name}`);
}
let restarted: Promise<void> = Promise.resolve();
const restartDatabase = () => {
  restarted = restarted.then(() => server.kill()).then(() => server.restart());
  return restarted;
};

/** More of them in one run, and the same image meets too many. */
const MOST_IN_RUN = 20;
const kinds = ['kills', 'pauses', 'databaseKills', 'cuts'] as const;
const reports: FleetReport[] = [];
const problems: string[] = [];

/** Runs a lane until all its blows have struck, or something is wrong. */
async function runLane(lane: Lane, at: number): Promise<void> {
  let left: Blows = { kills: 0, pauses: 0, databaseKills: 0, cuts: 0, ...lane.blows };
  for (let turn = 0; kinds.some((kind) => left[kind] > 0); turn += 1) {
    const blows = Object.fromEntries(kinds.map((kind) => [kind, Math.min(MOST_IN_RUN, left[kind])]));
    const own = join(folder, `${at}-${turn}`);
    await mkdir(own);
    const report = await runFleet({
      ...{ folder: own, url: await newDatabase(), restartDatabase, prompts, seed: seed + 100 * at + turn },
      ...lane,
      blows,
    });
    reports.push(report);
    printReport(report);
    const { struck } = report;
    const wrong = [...report.problems];
    if (kinds.every((kind) => struck[kind] === 0)) wrong.push('nothing has struck');
    for (const text of wrong) process.stdout.write(`  ${lane.name}: ${text}\n`);
    problems.push(...wrong);
    if (wrong.length > 0) return;
    await rm(own, { recursive: true, force: true });
    left = {
      kills: left.kills - struck.kills,
      pauses: left.pauses - struck.pauses,
      databaseKills: left.databaseKills - struck.databaseKills,
      cuts: left.cuts - struck.cuts,
    };
  }
}

printTitle(`In ${folder}, seed ${seed}`);
/** Runs lanes, so many side by side. */
async function runLanes(some: readonly (readonly [number, Lane])[], sideBySide: number): Promise<void> {
  const left = some.values();
  const one = async () => {
    for (const [at, lane] of left) {
      const missing = lane.skewsS === undefined ? null : whyNoSkew();
      if (missing === null) await runLane(lane, at);
      else process.stdout.write(`${lane.name}: skipped, ${missing}\n`);
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, one));
}
const wanted = [...lanes.entries()].filter(([, { name }]) => values.only === '' || name === values.only);
const killsServer = ([, { blows }]: readonly [number, Lane]) => (blows.databaseKills ?? 0) > 0;
await runLanes(
  wanted.filter((lane) => !killsServer(lane)),
  number('lanes'),
);
await runLanes(wanted.filter(killsServer), 1);
printSums(reports);
await server.close();

if (problems.length === 0) {
  process.stdout.write('\nNothing lost, nothing paid twice, nothing left over.\n');
  await rm(folder, { recursive: true, force: true });
} else {
  process.stdout.write(`\nWRONG: ${problems.length} problems, see above; look into ${folder}\n`);
  process.exitCode = 1;
}

// Kills, stops and cuts off the workers of a fleet again and again, and its database, and counts
// what it cost: `npm run chaos:fleet -- --kills 200`. Linux and macOS, some minutes.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '../../../src/fleet/database/connection.ts';
import { startLocalDatabase } from '../../../src/fleet/local/localDatabase.ts';
import { onlyKills, profile } from '../workloads/profiles.ts';
import { type FleetConfig, type FleetReport, runFleet } from './runFleet.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    pauses: { type: 'string', default: '100' },
    databases: { type: 'string', default: '10' },
    cuts: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    prompts: { type: 'string', default: '240' },
    only: { type: 'string', default: '' },
  },
});
const [kills, pauses, databases, cuts, seed, prompts] = [
  values.kills,
  values.pauses,
  values.databases,
  values.cuts,
  values.seed,
  values.prompts,
].map(Number) as [number, number, number, number, number, number];
if (
  ![kills, pauses, databases, cuts, seed, prompts].every((value) => Number.isInteger(value) && value >= 0)
) {
  process.stderr.write('error: Expected the numbers to be whole ones of 0 or more\n');
  process.exit(2);
}

type Lane = Pick<FleetConfig, 'name' | 'workload' | 'blows'> & Partial<FleetConfig>;
/** Each lane is run again until its blows have struck. */
const lanes: readonly Lane[] = [
  { name: 'calm', workload: onlyKills, blows: { kills: Math.round(kills * 0.3) } },
  { name: 'storm', workload: profile('storm'), blows: { kills: Math.round(kills * 0.2) } },
  { name: 'resets', workload: profile('resets'), blows: { kills: Math.round(kills * 0.2) } },
  {
    name: 'budget',
    workload: onlyKills,
    affordable: Math.round((prompts * 2) / 3),
    blows: { kills: Math.round(kills * 0.2) },
  },
  { name: 'paced', workload: onlyKills, perMinute: 300, blows: { kills: Math.round(kills * 0.1) } },
  { name: 'pauses', workload: onlyKills, blows: { pauses: Math.round(pauses / 2) } },
  { name: 'sleepy storm', workload: profile('storm'), blows: { pauses: Math.round(pauses / 2) } },
  { name: 'database', workload: onlyKills, blows: { databaseKills: databases, cuts } },
];

const print = (line: string) => process.stdout.write(`${line}\n`);
const columns = [
  'kills',
  'pauses',
  'restarts',
  'cuts',
  'jobs',
  'made',
  'lost',
  'paid twice',
  'in flight',
  's',
];
const row = (name: string, cells: readonly (string | number)[]) =>
  `${name.padEnd(13)}${cells.map((cell) => String(cell).padStart(10)).join(' ')}`;
const cellsOf = ({ blows, jobs, made, lost, paidTwice, mostInFlight, seconds }: FleetReport) => [
  ...[blows.kills, blows.pauses, blows.databaseKills, blows.cuts, jobs, made, lost, paidTwice],
  ...[mostInFlight, Math.round(seconds)],
];

const folder = await mkdtemp(join(tmpdir(), 'rxposure-fleet-'));
const server = await startLocalDatabase();
process.once('SIGINT', () => void server.close().then(() => process.exit(130)));
let databasesMade = 0;
async function newDatabase(): Promise<string> {
  databasesMade += 1;
  const admin = await openDatabase({ url: server.url, connections: 1 });
  await admin.query(`CREATE DATABASE chaos_${databasesMade}`);
  await admin.close();
  return server.url.replace(/\/postgres$/, `/chaos_${databasesMade}`);
}
let restarted: Promise<void> = Promise.resolve();
const restartDatabase = () => {
  restarted = restarted.then(() => server.kill()).then(() => server.restart());
  return restarted;
};

const reports: FleetReport[] = [];
print(`In ${folder}, seed ${seed}\n\n${row('', columns)}`);
for (const [number, lane] of lanes.entries()) {
  if (values.only !== '' && lane.name !== values.only) continue;
  let blows = { kills: 0, pauses: 0, databaseKills: 0, cuts: 0, ...lane.blows };
  for (let turn = 0; Object.values(blows).some((left) => left > 0); turn += 1) {
    const own = join(folder, `${number}-${turn}`);
    await mkdir(own);
    const url = await newDatabase();
    const report = await runFleet({
      ...{ folder: own, url, restartDatabase, prompts, seed: seed + 100 * number + turn },
      ...lane,
      blows,
    });
    reports.push(report);
    print(row(report.name, cellsOf(report)));
    const { struck } = { struck: report.blows };
    blows = {
      kills: blows.kills - struck.kills,
      pauses: blows.pauses - struck.pauses,
      databaseKills: blows.databaseKills - struck.databaseKills,
      cuts: blows.cuts - struck.cuts,
    };
    if (report.problems.length > 0) break;
  }
}
const sums = reports.map(cellsOf).reduce((sum, cells) => sum.map((value, at) => value + (cells[at] ?? 0)));
print(row('all', sums));
await server.close();

const problems = reports.flatMap(({ name, problems }) => problems.map((text) => `${name}: ${text}`));
if (problems.length === 0) {
  print('\nNothing lost, nothing paid twice, nothing left over.');
  await rm(folder, { recursive: true, force: true });
} else {
  print(`\nWRONG; look into ${folder}:`);
  for (const problem of problems) print(`  ${problem}`);
  process.exitCode = 1;
}

// Measures the gain and the cost of several machines, and writes the table of docs/fleet.md:
// `npm run bench:fleet`, a quarter of an hour on a quiet machine. `-- --only rate,store,take-up,load`
// measures some of it, `-- --prompts 100000,1000000` loads so many; both write nothing.
import { parseArgs } from 'node:util';
import { startServer } from '../startServer.ts';
import { openGrounds } from './ground.ts';
import { imageRate } from './imageRate.ts';
import { loadAndEnd } from './million.ts';
import { storeCost } from './storeCost.ts';
import { tableOf, writeFleetPage } from './table.ts';
import { takeUp } from './takeUp.ts';

const ALL = ['rate', 'store', 'take-up', 'load'];
const { values } = parseArgs({
  options: { only: { type: 'string' }, prompts: { type: 'string' }, kills: { type: 'string', default: '6' } },
});
const wanted = (values.only ?? ALL.join(',')).split(',');
const sizes = (values.prompts ?? '100000,1000000').split(',').map(Number);
const HEARTBEAT_S = 20;

const grounds = await openGrounds();
const service = await startServer({
  ...{ sigma: 0, render: 'fast', medianMs: 500, createPerMinute: 1e6, createBurst: 1e6 },
});
const ground = async () => ({ ...(await grounds.next()), env: service.env });
const lines: string[][] = [];
/** Prints a line of the table at once. */
const add = (...cells: string[]) => {
  lines.push(cells);
  console.log(cells.join('  |  '));
};

if (wanted.includes('rate')) {
  let one = 0;
  const sleeps = { sleepMs: 500, settleMs: 8_000, forMs: 20_000 };
  for (const workers of [1, 2, 4, 8]) {
    const { imagesPerS } = await imageRate(await ground(), { workers, perMinute: 60_000, ...sleeps });
    if (workers === 1) one = imagesPerS;
    const times = `${(imagesPerS / one).toFixed(2)} times`;
    const bar = `within 10 % of ${workers} times`;
    add(`images a second, ${workers} workers`, `${imagesPerS.toFixed(2)} (${times})`, bar);
  }
  const paced = { workers: 8, perMinute: 600, sleepMs: 500, settleMs: 25_000, forMs: 60_000 };
  const { imagesPerS } = await imageRate(await ground(), paced);
  const share = `${(imagesPerS * 10).toFixed(1)} % of the pace`;
  add(
    'images a second, 8 workers, 600 create requests a minute',
    `${imagesPerS.toFixed(2)} (${share})`,
    '97 %',
  );
}
if (wanted.includes('store')) {
  for (const workers of [1, 12]) {
    const { p50Ms, p99Ms, imagesPerS } = await storeCost(await ground(), workers, 40);
    const figures = `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ${imagesPerS.toFixed(0)} images a second`;
    add(
      `time that the store adds to an image, ${workers} at a time`,
      figures,
      workers === 1 ? 'p50 20 ms' : '',
    );
  }
}
if (wanted.includes('take-up')) {
  const times = await takeUp(await ground(), Number(values.kills), HEARTBEAT_S);
  const sorted = times.toSorted((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const figures = `median ${median.toFixed(1)} s, longest ${(sorted.at(-1) ?? 0).toFixed(1)} s`;
  add(`taken over after \`kill -9\`, ${times.length} kills`, figures, `${HEARTBEAT_S + 2} s`);
}
if (wanted.includes('load')) {
  for (const prompts of sizes) {
    const done = await loadAndEnd(prompts, await ground());
    const count = prompts.toLocaleString('en');
    const isMillion = prompts === 1_000_000;
    const loaded = `${done.loadS.toFixed(0)} s (CPU ${done.loadCpuS.toFixed(0)} s), ${done.loadPeakMb.toFixed(0)} MB`;
    add(`loading ${count} prompts`, loaded, isMillion ? '120 s, flat memory' : '');
    const entered = `${done.enterS.toFixed(0)} s (CPU ${done.enterCpuS.toFixed(0)} s), ${done.enterPeakMb.toFixed(0)} MB`;
    add('entering their outcomes while workers make the rest', entered, '');
    const written = `${done.manifestS.toFixed(0)} s (CPU ${done.manifestCpuS.toFixed(0)} s), ${done.peakMb.toFixed(0)} MB`;
    add(
      `their manifest of ${done.manifestMb.toFixed(0)} MB, after the last image`,
      written,
      isMillion ? '60 s, flat memory' : '',
    );
  }
}
service.close();
await grounds.close();

const table = tableOf(lines);
if (values.only === undefined && values.prompts === undefined) writeFleetPage(table);

// A worker whose encoder is a sleep: `sleepyWorker.ts --queue=URL --shared DIR SLEEP_MS`.
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { concat, ignoreElements, lastValueFrom, timer } from 'rxjs';
import { openDatabase } from '../../src/fleet/database/connection.ts';
import { openEngine } from '../../src/fleet/engine/engine.ts';
import { work } from '../../src/fleet/worker/worker.ts';
import type { Renderer } from '../../src/ports.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import { createRenderer } from '../../src/renditions/renderer.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { queue: { type: 'string', default: '' }, shared: { type: 'string', default: '' } },
});
const { queue: url, shared } = values;
const sleepMs = Number(positionals[0]);
const { REPLICATE_BASE_URL: baseUrl = '', REPLICATE_API_TOKEN: token = '' } = process.env;
const name = `${hostname()}/${process.pid}`;
const real = createRenderer();
const renderer: Renderer = {
  ...real,
  render: (...asked) => concat(timer(sleepMs).pipe(ignoreElements()), real.render(...asked)),
};
const database = await openDatabase({ url, name: `rxposure ${name}` });
const engine = await openEngine(database, { url, name, supervises: true });
const provider = createReplicateProvider({ token, baseUrl });
await lastValueFrom(
  work({ database, engine, provider, shared, name, renderer, encoders: 1, emit: () => {} }),
  { defaultValue: null },
);

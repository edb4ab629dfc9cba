// Compares three ways to learn of the end of a prediction with the official client's two:
// `npm run bench:follow`. A minute.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { SimulatorConfig } from '../src/simulator/index.ts';
import { type BenchServer, startServer } from './startServer.ts';

const COUNT = 100;
const CONCURRENCY = '50';
const MODEL = 'black-forest-labs/flux-dev';

const pageSchema = z.object({
  next: z.string().nullable(),
  results: z.array(z.object({ id: z.string(), completed_at: z.string() })),
});

const folder = await mkdtemp(join(tmpdir(), 'rxposure-follow-'));
const prompts = join(folder, 'prompts.txt');
await writeFile(
  prompts,
  Array.from({ length: COUNT }, (_, n) => `${n + 2} pears by a north window\n`).join(''),
);

interface Contestant {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly server?: SimulatorConfig & { dropWebhooks?: number };
}

const ours = (follow: string): Contestant => ({
  name: `rxposure, --follow ${follow}`,
  script: 'pipelines/generate.ts',
  args: [
    ...[prompts, '--out', join(folder, 'out'), '--json', '--model', MODEL],
    ...['--concurrency', CONCURRENCY, '--rate', '100000', '--follow', follow],
  ],
});
const theirs = (mode: string): Contestant => ({
  name: `official client, run(), ${mode}`,
  script: 'bench/rivals/officialRun.ts',
  args: [prompts, mode, CONCURRENCY, MODEL],
});

/**
 * Runs a script; returns when it reported the end of each prediction, in ms since 1970, and its
 * number of saved images.
 */
function knownAt(script: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const known = new Map<string, number>();
  let saved = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { type, predictionId } = JSON.parse(line);
    if (type === 'finished' || type === 'prediction.completed') known.set(predictionId, Date.now());
    if (type === 'image.saved') saved += 1;
  });
  return new Promise<{ known: ReadonlyMap<string, number>; saved: number }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve({ known, saved }));
  });
}

/** Returns the end of each prediction by the service's own list, in ms since 1970. */
async function endedAt({ env }: BenchServer): Promise<Map<string, number>> {
  const ended = new Map<string, number>();
  let url: string | null = `${env.REPLICATE_BASE_URL}/predictions`;
  while (url !== null) {
    const response = await fetch(url, { headers: { authorization: `Bearer ${env.REPLICATE_API_TOKEN}` } });
    const page = pageSchema.parse(await response.json());
    for (const { id, completed_at } of page.results) ended.set(id, Date.parse(completed_at));
    url = page.next;
  }
  return ended;
}

async function contest({ name, script, args, server = {} }: Contestant): Promise<void> {
  const { dropWebhooks, ...config } = server;
  const service = await startServer({
    ...{ medianMs: 3_200, coldStarts: false, render: 'fast', slots: 1_000, createPerMinute: 1_000_000 },
    ...config,
    ...(dropWebhooks === undefined ? {} : { dropWebhooks }),
  });
  const { known, saved } = await knownAt(script, args, service.env);
  const { apiRequests, created, requests } = await service.stats();
  const ended = await endedAt(service);
  const lags = [...known].map(([id, atMs]) => atMs - (ended.get(id) ?? atMs)).sort((a, b) => a - b);
  const at = (share: number) => Math.round(lags[Math.floor(share * (lags.length - 1))] ?? Number.NaN);
  const cells = [
    name,
    String(created),
    saved === 0 ? '–' : String(saved),
    (apiRequests / COUNT).toFixed(2),
    `${at(0.5)}`,
    `${at(0.95)}`,
    `${requests.create} create requests, ${requests.list} lists, ${requests.get} gets`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
  service.close();
  await rm(join(folder, 'out'), { recursive: true, force: true });
}

console.log(`${COUNT} predictions, concurrency ${CONCURRENCY}, median 3.2 s\n`);
console.log('| way | predictions | saved | requests an image | lag p50 ms | lag p95 ms | of these |');
console.log('| --- | --- | --- | --- | --- | --- | --- |');
await contest(ours('wait'));
await contest(ours('poll'));
await contest(ours('webhook'));
await contest({
  ...ours('webhook'),
  name: 'the same, 20 % of the webhooks lost',
  server: { dropWebhooks: 0.2 },
});
await contest(theirs('block'));
await contest(theirs('poll'));
await rm(folder, { recursive: true, force: true });

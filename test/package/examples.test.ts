import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Simulator, type SimulatorConfig, startSimulator } from '../../src/simulator/index.ts';
import { localServer } from '../helpers/localServer.ts';
import { type PackedPackage, packPackage } from './packPackage.ts';

const run = promisify(execFile);
const names = await readdir('examples/library');

let packed: PackedPackage;
let folder = '';
beforeAll(async () => {
  packed = await packPackage();
  folder = await mkdtemp(join(packed.project, 'programs-'));
  // As a reader has them: of the tarball, in a project that has installed it.
  await cp(join(packed.root, 'examples/library'), folder, { recursive: true });
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

const start = async (config: SimulatorConfig = {}): Promise<Simulator> => {
  const simulator = await startSimulator({ speed: 100, render: 'fast', coldStarts: false, ...config });
  onTestFinished(() => simulator.close());
  return simulator;
};
const environment = ({ token, baseUrl }: Simulator, others: Readonly<Record<string, string>> = {}) => ({
  cwd: folder,
  env: { ...process.env, REPLICATE_API_TOKEN: token, REPLICATE_BASE_URL: baseUrl, ...others },
});

/** Runs a program to its end; returns its output and the number of its predictions. */
async function runProgram(name: string, others: Readonly<Record<string, string>> = {}) {
  const simulator = await start();
  const { stdout } = await run(process.execPath, [name], environment(simulator, others));
  return { lines: stdout.trim().split('\n'), created: simulator.stats().created };
}

/** Starts a program that ends by itself, or with its test. */
function startProgram(name: string, simulator: Simulator, others: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [name], {
    ...environment(simulator, others),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    if (child.exitCode === null) child.kill();
  });
  return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
}

const ended = async (child: ChildProcess) => child.exitCode ?? (await once(child, 'exit'))[0];
const saved = async (name: string) =>
  (await readdir(join(folder, 'out', name))).filter((path) => /^\d.*\.(webp|png|jpg)$/.test(path)).sort();

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' ? String(address?.port) : '';
}

it('the programs type-check strictly', async () => {
  const options = ['strict', 'noUncheckedIndexedAccess', 'exactOptionalPropertyTypes', 'noUnusedLocals'];
  const kinds = {
    target: 'es2023',
    module: 'nodenext',
    lib: ['es2024', 'esnext.disposable'],
    types: ['node'],
  };
  const compilerOptions = { ...Object.fromEntries(options.map((name) => [name, true])), ...kinds };
  const config = {
    compilerOptions: { ...compilerOptions, noEmit: true, skipLibCheck: true },
    include: ['*.ts'],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '--listFilesOnly'], { cwd: folder });
  expect(names.filter((name) => !stdout.includes(`/${name}`))).toEqual([]);
  const checked = await run(process.execPath, [tsc], { cwd: folder }).catch((error) => error);
  expect(checked.stdout).toBe('');
});

it('each program has less than 25 lines, begins with its purpose, and is listed in docs/examples.md', async () => {
  const page = await readFile('docs/examples.md', 'utf8');
  expect([...page.matchAll(/\(\.\.\/examples\/library\/([^)]+)\)/g)].map(([, name]) => name).sort()).toEqual(
    names,
  );
  for (const name of names) {
    const lines = (await readFile(join('examples/library', name), 'utf8')).trimEnd().split('\n');
    expect(lines.length, name).toBeLessThan(25);
    expect(lines[0], name).toMatch(/^\/\/ [A-Z]/);
  }
});

it('array-to-disk.ts saves a list, and makes nothing again', async () => {
  const first = await runProgram('array-to-disk.ts');
  expect(first.lines.at(-1)).toBe('2 saved for $0.009');
  expect(await saved('animals')).toEqual(['0001-a-red-fox.webp', '0002-an-owl--2.webp', '0002-an-owl.webp']);
  const again = await runProgram('array-to-disk.ts');
  expect(again.lines.at(-1)).toBe('0 saved for $0');
  expect([first.created, again.created]).toEqual([2, 0]);
});

it('fastify-events.ts sends images as they are saved', async () => {
  const simulator = await start();
  const { lines } = startProgram('fastify-events.ts', simulator, { PORT: '0' });
  const { value: listening } = await lines.next();
  const [, address] = /^Listening at (\S+)$/.exec(listening ?? '') ?? [];
  const response = await fetch(`${address}/images?prompt=a+red+fox`);
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const events = (await response.text()).trim().split('\n\n');
  expect(events.map((event) => event.split('\n')[0])).toEqual([
    ...Array(3).fill('event: image'),
    'event: end',
  ]);
  expect(events.at(-1)).toContain('"saved":3');
});

it('own-step.ts saves the result of its step', async () => {
  expect((await runProgram('own-step.ts')).created).toBe(2);
  expect(await saved('grey')).toEqual([
    '0001-a-red-fox--thumb.jpg',
    '0001-a-red-fox.png',
    '0002-an-owl--thumb.jpg',
    '0002-an-owl.png',
  ]);
  const { channels } = await sharp(join(folder, 'out/grey/0001-a-red-fox.png')).stats();
  expect(new Set(channels.map(({ mean }) => mean)).size).toBe(1);
});

it('database-sink.ts has a row for each file', async () => {
  await runProgram('database-sink.ts');
  const database = new DatabaseSync(join(folder, 'images.sqlite'));
  onTestFinished(() => database.close());
  const rows = database.prepare('SELECT path, prompt, usd FROM images ORDER BY path').all();
  expect(rows.map((row) => ({ ...row }))).toEqual([
    { path: '0001-a-red-fox.webp', prompt: 'a red fox', usd: 0.003 },
    { path: '0002-an-owl.webp', prompt: 'an owl', usd: 0.003 },
  ]);
});

it('crawler.ts makes an image of each page, also of one that fails at first', async () => {
  const titles = ['Foxes', 'Owls', 'Hares'];
  let failures = 0;
  const { url, requests } = await localServer(({ url, headers }, response) => {
    const pages = titles.map((_, page) => `<url><loc>http://${headers.host}/${page}</loc></url>`);
    const body = url === '/sitemap.xml' ? pages.join('\n') : `<title>${titles[Number(url.slice(1))]}</title>`;
    const isBusy = url === '/1' && failures === 0;
    if (isBusy) failures += 1;
    response.writeHead(isBusy ? 503 : 200).end(body);
  });
  expect((await runProgram('crawler.ts', { SITE: url })).created).toBe(3);
  const made = (await saved('site')).map((path) => path.replace(/^\d+-|\.webp$/g, ''));
  expect(made.sort()).toEqual(['foxes', 'hares', 'owls']);
  expect(requests.map(({ url }) => url).sort()).toEqual(['/0', '/1', '/1', '/2', '/sitemap.xml']);
});

it('marbles.test.ts passes in vitest', async () => {
  const vitest = resolve('node_modules/vitest/vitest.mjs');
  const words = [vitest, 'run', '--root', folder];
  const { stdout } = await run(process.execPath, words, {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
  });
  expect(stdout).toMatch(/Tests +1 passed/);
});

it('budget-pipeline.ts skips images beyond its budget', async () => {
  const { lines, created } = await runProgram('budget-pipeline.ts');
  expect(created).toBe(2);
  expect(lines.map((line) => line.replace(/:.*,/, '')).sort()).toEqual([
    'saved $0.003',
    'saved $0.003',
    'skipped $0',
  ]);
  const manifest = JSON.parse(await readFile(join(folder, 'out/budget/manifest.json'), 'utf8'));
  expect(manifest.outcomes).toHaveLength(3);
  expect(await saved('budget')).toHaveLength(2);
});

it('express-webhooks.ts follows its predictions by webhooks', async () => {
  const PORT = await freePort();
  const { lines } = await runProgram('express-webhooks.ts', {
    PORT,
    PUBLIC_URL: `http://localhost:${PORT}/hooks`,
  });
  expect(lines).toEqual(['webhook: succeeded', 'webhook: succeeded', '2 saved']);
});

it('own-provider.ts makes images without a service', async () => {
  const { lines, created } = await runProgram('own-provider.ts');
  expect({ lines, created }).toEqual({ lines: ['2 saved for $0.002'], created: 0 });
  expect(await saved('hues')).toEqual(['0001-dawn.png', '0002-dusk.png']);
});

it('abort-signal.ts saves images in flight when it is stopped', async () => {
  // So slow that the run is far from its end by then.
  const simulator = await start({ speed: 2 });
  const { child, lines } = startProgram('abort-signal.ts', simulator);
  expect((await lines.next()).value).toBe('0 of 100');
  expect((await lines.next()).value).toBe('1 of 100');
  child.kill('SIGINT');
  let last = '';
  for await (const line of lines) last = line;
  const { created } = simulator.stats();
  expect(last).toBe(`Stopped by Ctrl-C: ${created} saved, run again for the rest`);
  expect(await ended(child)).toBe(0);
  expect(created).toBeLessThan(100);
  expect(await saved('foxes')).toHaveLength(created);
});

it('for-await.ts takes two images, and the folder has no more than was in flight', async () => {
  const { lines, created } = await runProgram('for-await.ts');
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatch(/^an? [\w ]+: 000\d-an?-[\w-]+\.webp$/);
  expect(await saved('forest')).toHaveLength(created);
});

it('worker-thread.ts reports from its thread', async () => {
  const { lines } = await runProgram('worker-thread.ts');
  expect(lines.at(0)).toBe('0 of 2');
  expect(lines.at(-1)).toBe('2 of 2');
  expect(await saved('worker')).toHaveLength(2);
});

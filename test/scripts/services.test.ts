import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { startUnnamedProxy, type UnnamedProxy } from '../helpers/unnamedProxy.ts';

let folder = '';
let simulator: Simulator;
/** Counts as a service that pays. */
let service: UnnamedProxy;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  simulator = await startSimulator({ render: 'fast', speed: 100 });
  service = await startUnnamedProxy(simulator.baseUrl);
  await writeFile(join(folder, 'p.txt'), 'a cat\na dog\n');
});
afterEach(async () => {
  await service.close();
  await simulator.close();
  await rm(folder, { recursive: true, force: true });
});

interface Finished {
  readonly code: number;
  readonly stderr: string;
}

/**
 * Runs a script in the folder of a test, on the billing service unless the arguments name another.
 */
function script(name: string, args: readonly string[], input = '', own = {}): Promise<Finished> {
  const env = {
    REPLICATE_API_TOKEN: simulator.token,
    REPLICATE_BASE_URL: service.baseUrl,
    XDG_CACHE_HOME: join(folder, 'models'),
    NO_COLOR: '1',
    ...own,
  };
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [resolve('pipelines', name), ...args],
      { cwd: folder, env: { ...process.env, ...env }, timeout: 50_000 },
      (error, _stdout, stderr) => done({ code: error === null ? 0 : Number(error.code), stderr }),
    );
    child.stdin?.end(input);
  });
}

const made = () => simulator.stats().created;
const runFile = async (name: string) => JSON.parse(await readFile(join(folder, name, 'run.json'), 'utf8'));

it('never treats simulated images as real ones', async () => {
  const cache = ['--cache', 'cache', '--seed', '7'];
  const simulated = await script('generate.ts', ['p.txt', '--simulate=50', '--budget', '0.006', ...cache]);
  expect(simulated).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^2 jobs, simulated, .*out\/p-simulated$/m),
  });
  expect(simulated.stderr).toContain('Simulated: 2 of 2 jobs saved');
  expect(await runFile('out/p-simulated')).toMatchObject({ service: 'simulator' });

  const paid = await script('generate.ts', ['p.txt', '--budget', '0.006', ...cache]);
  expect(paid).toMatchObject({ code: 0, stderr: expect.stringContaining('2 of 2 jobs saved') });
  expect(paid.stderr).not.toMatch(/simulated/i);
  expect(await runFile('out/p')).toMatchObject({ service: 'http://localhost' });
  expect(made()).toBe(2);

  for (const command of [
    ['generate.ts', 'p.txt', '--out', 'out/p-simulated', '--resume-anyway'],
    ['retry-failed.ts', 'out/p-simulated'],
    ['collect.ts', 'out/p-simulated'],
  ]) {
    const [name = '', ...args] = command;
    const { code, stderr } = await script(name, args);
    expect(stderr, name).toMatch(
      /out\/p-simulated has images of the rxposure simulator.*\nhint: Add --simulate/,
    );
    expect(code).toBe(2);
  }
  const mixed = await script('generate.ts', ['p.txt', '--simulate', '--out', 'out/p']);
  expect(mixed).toMatchObject({ code: 2, stderr: expect.stringContaining('hint: Remove --simulate') });
  expect(made()).toBe(2);
  expect((await script('retry-failed.ts', ['out/p-simulated', '--simulate=50'])).code).toBe(0);

  for (const [name, who] of [
    ['out/p', 'http://localhost'],
    ['out/p-simulated', 'simulator'],
  ] as const) {
    const manifest = JSON.parse(await readFile(join(folder, name, 'manifest.json'), 'utf8'));
    expect(manifest.run.service).toBe(who);
    expect(manifest.outcomes.map((outcome: { service: string }) => outcome.service)).toEqual([who, who]);
    expect(JSON.parse(await readFile(join(folder, name, 'report.json'), 'utf8'))).toMatchObject({
      service: who,
    });
    const page = await readFile(join(folder, name, 'gallery.html'), 'utf8');
    expect(page.includes('"isSimulated":true')).toBe(who === 'simulator');
  }
}, 120_000);

it('knows a simulator at a base URL by its responses', async () => {
  const { code, stderr } = await script('generate.ts', ['p.txt', '--base-url', simulator.baseUrl]);
  expect(stderr).toMatch(/^2 jobs, simulated, .*out\/p-simulated$/m);
  expect(code).toBe(0);
  const again = await script('generate.ts', ['p.txt', '--base-url', simulator.baseUrl]);
  expect(again.stderr).toMatch(/^2 jobs, simulated, 2 already saved/m);
});

it('writes nothing into a folder with files of the user', async () => {
  await script('generate.ts', ['p.txt', '--out', 'begun']);
  const before = made();
  await rm(join(folder, 'begun/run.json'));
  await writeFile(join(folder, 'mine.png'), 'a picture of mine');
  await writeFile(join(folder, 'report.json'), '{}');
  for (const [args, input] of [
    [['p.txt', '--out', '.', '--watch'], ''],
    [['-', '--out', '.'], 'a cat\n'],
  ] as const) {
    const names = await readdir(folder);
    const { code, stderr } = await script('generate.ts', args, input);
    expect(stderr).toMatch(
      /is not the folder of a run, and not empty: it has .*\nhint: Choose a new or an empty folder/,
    );
    expect(code).toBe(2);
    expect(await readdir(folder)).toEqual(names);
  }
  expect(made()).toBe(before);
  // A folder of an older version has no run.json.
  const old = await script('generate.ts', ['p.txt', '--out', 'begun']);
  expect(old).toMatchObject({ code: 0, stderr: expect.stringContaining('did not store the service') });
  expect(await runFile('begun')).toMatchObject({ service: 'http://localhost' });
  expect(made()).toBe(before);
}, 120_000);

it('gives different prompts on standard input a folder each', async () => {
  for (const [input, out] of [
    ['a cat\n', 'out/stdin'],
    ['a dog\n', 'out/stdin-2'],
    ['a cat\n', 'out/stdin'],
  ] as const) {
    const { code, stderr } = await script('generate.ts', ['-'], input);
    expect(stderr).toMatch(new RegExp(`into .*${out}$`, 'm'));
    expect(code).toBe(0);
    expect(await readFile(join(folder, out, 'stdin.txt'), 'utf8')).toBe(input);
  }
  expect(made()).toBe(2);
});

it('names the command that collects a detached run', async () => {
  const { code, stderr } = await script('generate.ts', ['p.txt', '--detach', '--out', "night's"]);
  expect(code).toBe(0);
  const [, time, command = ''] = /Collect before (\d\d:\d\d), .*: npx tsx (.*)$/m.exec(stderr) ?? [];
  expect(time).toBeDefined();
  expect(command).toBe(`pipelines/collect.ts '${folder}/night'\\''s'`);
  const collected = await script('collect.ts', [join(folder, "night's")]);
  expect(collected).toMatchObject({ code: 0, stderr: expect.stringContaining('2 of 2 jobs saved') });
});

it('asks for leave to read the files of a detached run again, and names the flag in the command', async () => {
  await mkdir(join(folder, 'photos'));
  await writeFile(join(folder, 'photos/a.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(folder, 'p.csv'), 'prompt,image\na cat,photos/a.svg\na dog,photos/a.svg\n');
  const flux = ['--model', 'black-forest-labs/flux-dev'];
  const left = await script('generate.ts', ['p.csv', ...flux, '--detach', '--out', 'night']);
  expect(left.stderr).toContain(`into ${folder}/night; uploads 1 file of ./photos\n`);
  const [, command = ''] = /npx tsx pipelines\/collect\.ts (.*)$/m.exec(left.stderr) ?? [];
  expect(command).toBe(`${folder}/night --allow-files ${folder}/photos`);
  const refused = await script('collect.ts', ['night']);
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^error: .*night, job #1: Expected a file in .*; --allow-files .*photos allows it/,
    ),
  });
  const collected = await script('collect.ts', command.split(' '));
  expect(collected).toMatchObject({ code: 0, stderr: expect.stringContaining('2 of 2 jobs saved') });
});

it.each(['--base-url', 'the environment'])(
  'retries at the service of the run, named by %s',
  async (named) => {
    let isBroken = true;
    const own = await startSimulator({
      render: 'fast',
      speed: 100,
      faults: { onOutcome: ({ input }) => (isBroken && input.prompt === 'a dog' ? 'CUDA error' : null) },
    });
    const service = named === '--base-url' ? ['--base-url', own.baseUrl] : [];
    const env = named === '--base-url' ? {} : { REPLICATE_BASE_URL: own.baseUrl };
    const table = ['--table', 'csv'];
    const args = ['p.txt', '--out', 'x1', '--max-attempts', '1', ...table, ...service];
    const failed = await script('generate.ts', args, '', env);
    expect(failed.code).toBe(1);
    const [, command = ''] =
      /next +npx tsx pipelines\/retry-failed\.ts (.*) makes the failed/.exec(failed.stderr) ?? [];
    // In the order in which they were typed.
    expect(command).toBe(['x1', ...table, ...service].join(' '));
    isBroken = false;
    const retried = await script('retry-failed.ts', command.split(' '), '', env);
    expect(retried).toMatchObject({ code: 0, stderr: expect.stringContaining('1 of 1 job saved') });
    expect(own.stats().created).toBe(3);
    await own.close();
  },
);

it('waits at the start for a service that is not there, for the given time, then names it', async () => {
  const gone = await startSimulator({ render: 'fast' });
  await gone.close();
  const { host } = new URL(gone.baseUrl);
  const { code, stderr } = await script('generate.ts', [
    'p.txt',
    '--base-url',
    gone.baseUrl,
    '--max-wait',
    '1s',
  ]);
  expect(stderr).toMatch(/^warning GET .*: no connection to .* Waiting for the service, 1 second at most/);
  expect(stderr).toContain(`no connection to ${host} (ECONNREFUSED)`);
  expect(stderr).toContain('error: The service has not responded');
  expect(code).toBe(3);
});

it('gives up after some seconds if no time is given', async () => {
  const gone = await startSimulator({ render: 'fast' });
  await gone.close();
  const { host } = new URL(gone.baseUrl);
  const { code, stderr } = await script('generate.ts', ['p.txt', '--base-url', gone.baseUrl]);
  expect(stderr).toMatch(new RegExp(`^error: GET /.*: no connection to ${host} \\(ECONNREFUSED\\)\n`));
  expect(code).toBe(3);
});

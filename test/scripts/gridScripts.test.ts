import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import type { Outcome } from '../../src/types.ts';

let folder = '';
let simulator: Simulator;
/** Called with the count of create requests, before the response to each. */
let onCreate = () => {};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  const afterCreate = () => {
    onCreate();
    return null;
  };
  simulator = await startSimulator({ render: 'fast', speed: 20, faults: { afterCreate } });
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a script as a user does; kills it while its create request of that number is in flight. */
function script(name: string, args: readonly string[], { killAt = Number.POSITIVE_INFINITY } = {}) {
  const env = {
    ...process.env,
    REPLICATE_API_TOKEN: simulator.token,
    REPLICATE_BASE_URL: simulator.baseUrl,
    XDG_CACHE_HOME: join(folder, 'cache'),
    NO_COLOR: '1',
  };
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((done) => {
    const argv = [resolve('pipelines', name), ...args];
    const child = execFile(process.execPath, argv, { env, timeout: 50_000 }, (_error, stdout, stderr) =>
      done({ code: child.exitCode, stdout, stderr }),
    );
    let created = 0;
    onCreate = () => {
      created += 1;
      if (created === killAt) child.kill('SIGKILL');
    };
  });
}

async function outcomesIn(out: string): Promise<Outcome[]> {
  return JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8')).outcomes;
}

async function spec(name: string, pots: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(
    path,
    `prompt: a {pot} pot\naxes:\n  pot: ${pots}\n  guidance: [2, 4]\nmodel: black-forest-labs/flux-dev\n`,
  );
  return path;
}

it.each([
  ['grid.ts', 'teapots', 12, ['ash-white', 'celadon', 'oxblood']],
  [
    'variations.ts',
    'lighthouse-variations',
    12,
    ['autumn-storm', 'first-snow', 'midsummer', 'northern-lights', 'regatta', 'spring-fog'],
  ],
  ['compose.ts', 'outdoor-scenes', 9, ['flask', 'lantern', 'mug']],
])('%s makes its example, and shows its plan before', async (name, example, pictures, folders) => {
  const out = join(folder, example);
  const args = [`examples/${example}.yaml`, '--out', out];
  const before = simulator.stats().created;
  const plan = await script(name, [...args, '--dry-run']);
  expect(plan.stdout).toMatch(new RegExp(`jobs +${pictures}\naxes +\\w+ \\d x .*\n.*\ncost +\\$0\\.3`));
  expect(simulator.stats().created).toBe(before);
  const { code, stderr } = await script(name, args);
  expect(stderr).toContain(`${pictures} of ${pictures} jobs saved`);
  expect(code).toBe(0);
  expect((await readdir(out)).filter((entry) => !entry.includes('.')).sort()).toEqual(folders);
});

it('a grid that is killed while it grows resumes, and makes only the new cells', async () => {
  const out = join(folder, 'growing');
  const before = simulator.stats().created;
  const run = async (pots: string, killAt?: number) =>
    script('grid.ts', [await spec('growing.yaml', pots), '--out', out, '--json', '--concurrency', '1'], {
      ...(killAt === undefined ? {} : { killAt }),
    });
  expect((await run('[red, blue]')).code).toBe(0);
  const first = await outcomesIn(out);
  // The first of the four new ones is made by then, the second is in flight.
  expect((await run('[red, blue, green, white]', 2)).code).toBe(null);
  expect(simulator.stats().created - before).toBe(4 + 2);
  expect((await run('[white, green, blue, red, grey]')).code).toBe(0);
  expect(simulator.stats().created - before).toBe(10);
  const all = await outcomesIn(out);
  expect(all.slice(0, 4)).toEqual(first);
  expect(all.map(({ index, tags }) => `${index} ${tags.pot} ${tags.guidance}`).slice(4)).toEqual([
    ...['4 green 2', '5 green 4', '6 white 2', '7 white 4', '8 grey 2', '9 grey 4'],
  ]);
  const plan = await script('grid.ts', [
    await spec('growing.yaml', '[red, blue, green, white, grey, tan]'),
    '--out',
    out,
    '--dry-run',
  ]);
  expect(plan.stdout).toContain('jobs      2 to make, 10 already saved');
  expect(plan.stdout).toContain('axes      pot 6 x guidance 2, grown from pot 5 x guidance 2');
});

it.each([
  [
    'prompt: a\naxes: { guidanc: [2] }',
    [],
    'axes.guidanc: Expected a placeholder of the prompt or an input of',
  ],
  ['prompt: a\nmodel: black-forest-labs/flux-dve', [], 'Did you mean black-forest-labs/flux-dev?'],
  [
    'prompt: a\naxes: { model: [a/b, c/d] }',
    ['--model', 'e/f'],
    '`--model` cannot be used with a spec that has models under `axes:`.',
  ],
  ['prompt: a\naxes: { seed: [1, 2] }\nmax: 1', [], 'Expected at most 1 image, got 2 (seed 2)'],
  [
    'prompt: a\naxes: { seed: [1] }',
    ['--input', 'seed=2'],
    'axes.seed: `seed` is an axis of the grid, so it cannot also be given with --input',
  ],
])('refuses before anything is created: %j', async (yaml, flags, message) => {
  const path = join(folder, 'wrong.yaml');
  await writeFile(path, yaml);
  const before = simulator.stats().created;
  const { code, stderr } = await script('grid.ts', [path, '--out', join(folder, 'wrong'), ...flags]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
  expect(simulator.stats().created).toBe(before);
});

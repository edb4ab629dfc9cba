import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import type { Outcome } from '../../src/types.ts';
import { startGenerate } from '../chaos/startGenerate.ts';
import { type Poison, poisons, slowSvg } from '../helpers/poisons.ts';

let root = '';
let simulator: Simulator;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rxposure-poison-'));
});
afterEach(async () => {
  await simulator.close();
  await rm(root, { recursive: true, force: true, maxRetries: 10 });
});

/** Starts a service that gives a poison in place of every fifth image, as long as there are any. */
async function start(jobs: number, given: readonly Poison[]) {
  const prompts = Array.from({ length: jobs }, (_, n) => `A pear, number ${n}`);
  await writeFile(join(root, 'prompts.txt'), prompts.join('\n'));
  simulator = await startSimulator({
    render: 'fast',
    speed: 100,
    faults: {
      onFile: ({ input }) => {
        const number = prompts.indexOf(String(input.prompt));
        const poison = number % 5 === 2 ? given[(number - 2) / 5] : undefined;
        return poison === undefined ? null : { type: 'replace', file: poison.bytes };
      },
    },
  });
}

const begin = (out: string, ...flags: string[]) =>
  startGenerate([join(root, 'prompts.txt'), '--out', join(root, out), '--quiet', ...flags], {
    REPLICATE_API_TOKEN: simulator.token,
    REPLICATE_BASE_URL: simulator.baseUrl,
    XDG_CACHE_HOME: join(root, 'xdg'),
    RXPOSURE_IMAGE_MB: '300',
  });

async function outcomesOf(out: string): Promise<readonly Outcome[]> {
  return JSON.parse(await readFile(join(root, out, 'manifest.json'), 'utf8')).outcomes;
}

const thumb = ['--rendition', 'thumb=80x80,cover,jpeg'];

it('five poisons among 26 fail alone and stay on disk; without renditions all are saved', async () => {
  const given = await poisons({ sidePx: 10_000, elements: 60_000 });
  await start(26, given);
  const [rendered, plain] = [begin('rendered', ...thumb), begin('plain', '--no-sidecars')];
  expect(await rendered.ended).toBe(1);
  const outcomes = await outcomesOf('rendered');
  const failed = outcomes.filter(({ status }) => status === 'failed');
  expect(outcomes.filter(({ status }) => status === 'saved')).toHaveLength(22);
  expect(failed.map(({ index, error }) => [index, error?.code, error?.stage])).toEqual(
    [2, 7, 12, 17].map((index) => [index, 'ERR_TOO_MUCH_MEMORY', 'rendering']),
  );
  // The fifth is poison only if it is drawn large.
  for (const [number, name] of [...given.entries()].map(
    ([n]) => [n, `${String(n * 5 + 3).padStart(4, '0')}-`] as const,
  )) {
    const [path = ''] = (await readdir(join(root, 'rendered'))).filter(
      (file) => file.startsWith(name) && !/json|thumb/.test(file),
    );
    expect((await readFile(join(root, 'rendered', path))).length).toBeGreaterThanOrEqual(
      given[number]!.bytes.length,
    );
  }
  expect(await plain.ended).toBe(0);
  expect(await outcomesOf('plain')).toHaveLength(26);
  const created = simulator.stats().created;
  expect(await begin('rendered', ...thumb).ended).toBe(1);
  expect(simulator.stats().created).toBe(created);
});

/** Begins a run, and kills it once it decodes an image that so many runs have died of. */
async function killWhileDecoding(deaths: number): Promise<void> {
  const run = begin('out', ...thumb);
  const notes = join(root, 'out', '.decoding');
  const noted = async () => {
    const [name = ''] = await readdir(notes).catch(() => []);
    return readFile(join(notes, name), 'utf8').catch(() => '');
  };
  await expect.poll(noted).toContain(`"deaths":${deaths}`);
  run.kill();
  await run.ended;
}

it('an image whose decoding ended two runs is not decoded again by the next', async () => {
  await start(4, [{ name: 'slow', bytes: slowSvg() }]);
  await killWhileDecoding(0);
  await killWhileDecoding(1);
  const third = begin('out', ...thumb);
  expect(await third.ended).toBe(1);
  const outcomes = await outcomesOf('out');
  expect(outcomes.map(({ status, error }) => error?.code ?? status)).toEqual([
    'saved',
    'saved',
    'ERR_DECODING_DIED',
    'saved',
  ]);
  expect(third.said()).toContain('delete .decoding/');
  expect(await readdir(join(root, 'out'))).toContain('0003-a-pear-number-2.svg');
  expect(simulator.stats()).toMatchObject({ created: 4 });
});

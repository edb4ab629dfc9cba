import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { of } from 'rxjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { chooseFolder } from '../../../src/cli/batch/chooseFolder.ts';
import { emptyFlags } from '../../../src/cli/flags/flags.ts';
import { beginFolder, type RunInput } from '../../../src/store/runFile.ts';
import { aService } from '../../helpers/aService.ts';
import { fakeProvider } from '../../helpers/fakeProvider.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const root = temporaryFolder();
const before = process.cwd();
beforeEach(() => process.chdir(root()));
afterEach(() => process.chdir(before));

const warnings: string[] = [];

interface Choice {
  readonly service?: string;
  readonly out?: string | null;
  readonly name?: string | null;
  readonly input?: RunInput;
}

/** Chooses the folder of a run as a script does. */
async function choose(path: string, { service = 'replicate', out = null, ...config }: Choice = {}) {
  warnings.length = 0;
  const script = {
    flags: { ...emptyFlags, out },
    service: aService({ provider: fakeProvider({ identify: () => of(service) }) }),
    warn: (message: string) => warnings.push(message),
  };
  return chooseFolder(script, path, config);
}

/** Chooses a folder and begins it, as a run does. */
async function begin(path: string, choice: Choice = {}): Promise<string> {
  const { folder, input } = await choose(path, choice);
  await beginFolder(folder, { service: choice.service ?? 'replicate', input });
  return basename(folder);
}

async function aFile(path: string, content = path): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
  return path;
}

const stdin = (sha256: string): Choice => ({ input: { path: null, sha256 } });

it('is named after the input, or by the spec', async () => {
  const path = await aFile('prompts.txt');
  expect((await choose(path)).folder).toBe(join(process.cwd(), 'out/prompts'));
  expect((await choose(path, { name: 'summer' })).folder).toBe(join(process.cwd(), 'out/summer'));
  expect((await choose(path, { out: 'here' })).folder).toBe(join(process.cwd(), 'here'));
  expect(warnings).toEqual([]);
});

it('gives simulations a folder of their own', async () => {
  const path = await aFile('prompts.txt');
  expect(await begin(path, { service: 'simulator' })).toBe('prompts-simulated');
  expect(await begin(path)).toBe('prompts');
  expect(await begin(path, { service: 'simulator' })).toBe('prompts-simulated');
});

it('gives two inputs of the same name a folder each, and each its own again', async () => {
  const [one, two, three] = [await aFile('a/q.txt'), await aFile('b/q.txt'), await aFile('c/q.txt')];
  expect([await begin(one), await begin(two), await begin(three)]).toEqual(['q', 'q-2', 'q-3']);
  expect(warnings).toEqual([expect.stringMatching(/^out\/q belongs to .*a\/q\.txt.*out\/q-3/)]);
  await writeFile(two, 'changed');
  expect([await begin(three), await begin(two), await begin(one)]).toEqual(['q-3', 'q-2', 'q']);
});

it('distinguishes runs on standard input by its content', async () => {
  expect(await begin('stdin.txt', stdin('a'))).toBe('stdin');
  expect(await begin('stdin.txt', stdin('b'))).toBe('stdin-2');
  expect(await begin('stdin.txt', stdin('a'))).toBe('stdin');
});

it('finds the folder of an input that was moved, but not that of a copy', async () => {
  const path = await aFile('a/q.txt', 'a cat');
  expect(await begin(path)).toBe('q');
  expect(await begin(await aFile('b/q.txt', 'a cat'))).toBe('q-2');
  await mkdir('c');
  await rename(path, 'c/q.txt');
  expect(await begin('c/q.txt')).toBe('q');
});

it('leaves folders with files of the user alone', async () => {
  await aFile('out/q/holiday.jpg');
  expect(await begin(await aFile('q.txt'))).toBe('q-2');
  expect(warnings).toEqual([expect.stringMatching(/^out\/q has other files/)]);
  await expect(choose('q.txt', { out: 'out/q' })).rejects.toThrow('it has holiday.jpg');
});

it('guesses nothing with --out', async () => {
  const [one, two] = [await aFile('a/q.txt'), await aFile('b/q.txt')];
  expect([await begin(one, { out: 'here' }), await begin(two, { out: 'here' })]).toEqual(['here', 'here']);
});

it('continues in a folder of an older version, but no simulation there', async () => {
  const path = await aFile('q.txt');
  await aFile('out/q/run.sqlite');
  await aFile('out/q-simulated/run.sqlite');
  expect(await begin(path)).toBe('q');
  expect(await begin(path, { service: 'simulator' })).toBe('q-simulated-2');
});

it('refuses the folder of another service', async () => {
  const path = await aFile('q.txt');
  await begin(path, { service: 'https://a.example' });
  await expect(choose(path)).rejects.toThrow('has images of the API at https://a.example');
});

it('is named after a compressed input without both endings, unless its run is in a folder of the first', async () => {
  const path = await aFile('table.csv.gz');
  expect(await begin(path, { service: 'simulator' })).toBe('table-simulated');
  const before = await aFile('before.csv.gz');
  const { input } = await choose(before);
  await beginFolder(join('out', 'before.csv'), { service: 'replicate', input });
  expect(await begin(before)).toBe('before.csv');
  expect(warnings).toEqual([]);
});

import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { configSchema } from '../../../src/cli/config/configSchema.ts';
import { readConfig } from '../../../src/cli/config/readConfig.ts';
import { withConfig } from '../../../src/cli/config/withConfig.ts';
import { createCommand } from '../../../src/cli/flags/command.ts';
import { flagsIn, withDefaults } from '../../../src/cli/flags/flags.ts';
import { findConfig } from '../../../src/cli/script/findConfig.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

async function config(content: string, name = 'rxposure.config.yaml') {
  const path = join(folder(), name);
  await writeFile(path, content);
  return path;
}

const command = createCommand({
  ...{ name: 'generate', summary: '', version: '1', inputs: [] },
  flags: flagsIn('requests', 'jobs', 'money', 'pace', 'folder', 'images', 'output', 'strategy'),
});

/** Returns the flags of a command line with a config. */
async function flags(content: string, words: readonly string[] = []) {
  const parsed = command.parse(words);
  if (parsed.kind !== 'run') throw new Error(parsed.text);
  return withConfig(parsed, await readConfig(await config(content)), command.serves);
}

it('finds the nearest config upwards', async () => {
  const inner = join(folder(), 'a/b');
  await mkdir(inner, { recursive: true });
  const path = await config('{}', 'rxposure.config.json');
  expect(findConfig(inner)).toBe(path);
  expect(findConfig('/')).toBeNull();
});

it('reads the same from YAML, JSON and TypeScript', async () => {
  const values = { count: 2, concurrency: 'auto', renditions: ['instagram_post'], sidecars: false };
  const typed = 'const count: number = 2;\nexport default';
  for (const [name, content] of [
    ['a/rxposure.config.yaml', 'count: 2\nconcurrency: auto\nrenditions: instagram_post\nsidecars: false\n'],
    ['b/rxposure.config.json', JSON.stringify(values)],
    ['c/rxposure.config.ts', `${typed} { ...${JSON.stringify(values)}, count };\n`],
  ] as const) {
    await mkdir(join(folder(), name, '..'), { recursive: true });
    expect((await readConfig(await config(content, name))).values).toEqual(values);
  }
});

it('lets flags win over a spec, a spec over a config, and a config over the defaults', async () => {
  const content = 'count: 2\nseed: 7\nbudget: 5\nprices: { a/b: 0.1 }\nmaxAttempts: 4\nfallbacks: [c/d]\n';
  const plain = withDefaults(await flags(content), { count: 9, ratePerMinute: 3 });
  expect(plain).toMatchObject({ count: 9, seed: 7, budgetMicroUsd: 5_000_000, maxAttempts: 4 });
  expect(plain).toMatchObject({ ratePerMinute: 3, prices: [{ model: 'a/b', microUsd: 100_000 }] });
  const typed = ['--count', '1', '--budget', '1', '--price', '0.2', '--max-attempts', '5'];
  const given = withDefaults(await flags(content, typed), { count: 9 });
  expect(given).toMatchObject({ count: 1, budgetMicroUsd: 1_000_000, maxAttempts: 5 });
  expect(given.prices).toEqual([
    { model: 'a/b', microUsd: 100_000 },
    { model: null, microUsd: 200_000 },
  ]);
});

it('fills in only the flags of a command, and names the file that counts', async () => {
  const given = await flags('fallbacks: [c/d]\ncache: kept\ngallery: false\n');
  expect(given).toMatchObject({ fallbacks: [], gallery: false, cache: join(folder(), 'kept') });
  expect(given.config?.path).toBe(join(folder(), 'rxposure.config.yaml'));
});

it.each([
  ['concurency: 3\n', 'line 1: concurency: Unknown key; did you mean concurrency?'],
  [
    'count: 2\nconcurrency: 0\n',
    "line 2: concurrency: Expected a whole number from 1 to 10000, or auto, got '0'",
  ],
  ['strategy: streem\n', 'line 1: strategy: Expected one of'],
  ['model: flux-dev\n', 'Did you mean black-forest-labs/flux-dev?'],
  ['prices: { flux: x }\n', 'line 1: prices: Expected dollars such as 0.025'],
  ['sidecars: no thanks\n', 'line 1: sidecars: Expected true or false'],
  ['token: abc\n', 'has a token, which is not read from files'],
  ['organize: r8_abcdefghijklmnop\n', 'has a token, which is not read from files'],
])('refuses %s', async (content, message) => {
  const error: unknown = await readConfig(await config(content)).catch((thrown: unknown) => thrown);
  expect(String((error as Error).message)).toContain(message);
  expect(String((error as Error).message)).not.toContain('r8_abc');
});

it('refuses two configs, and a module without a default export', async () => {
  const module = await config('export const count = 2;\n', 'rxposure.config.ts');
  await expect(readConfig(module)).rejects.toThrow(
    'Expected a default export with keys and values, got none',
  );
  const path = await config('count: 2\n');
  await expect(readConfig(path)).rejects.toThrow('two configs: rxposure.config.yaml and rxposure.config.ts');
});

const isRoot = process.getuid?.() === 0;
it.skipIf(!isRoot)('refuses the config of another user (skipped if it may not make one)', async () => {
  const path = await config('count: 2\n');
  await chown(path, 12_345, 12_345);
  const user = process.getuid;
  process.getuid = () => 1_000;
  try {
    await expect(readConfig(path)).rejects.toThrow('belongs to another user');
  } finally {
    if (user !== undefined) process.getuid = user;
  }
});

it('has a key of its own for each flag that it may have', () => {
  for (const key of ['input', 'allowFiles', 'baseUrl', 'provider', 'out', 'repay', 'webhookUrl'])
    expect(Object.keys(configSchema.shape)).not.toContain(key);
});

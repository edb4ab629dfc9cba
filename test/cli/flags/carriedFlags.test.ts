import { expect, it } from 'vitest';
import { run as collect } from '../../../src/cli/commands/collect.ts';
import { run as retry } from '../../../src/cli/commands/retry.ts';
import { carriedFlags } from '../../../src/cli/flags/carriedFlags.ts';
import { createCommand } from '../../../src/cli/flags/command.ts';
import { flagsOfAll } from '../../../src/cli/flags/flags.ts';
import { flagTable } from '../../../src/cli/flags/flagTable.ts';

const command = createCommand({ name: 'generate', summary: '', inputs: [] });

function carried(words: string, { environmentUrl = null as string | null, service = 'replicate' } = {}) {
  const parsed = command.parse(words.split(' ').filter((word) => word !== ''));
  if (parsed.kind !== 'run') throw new Error('Expected flags');
  const { flags, typed } = parsed;
  return carriedFlags({ ...flags, typed }, { environmentUrl, service }).join(' ');
}

it('keeps the service of a run', () => {
  const url = 'http://127.0.0.1:8794/v1';
  const own = { service: 'simulator' };
  expect(carried('')).toBe('');
  expect(carried(`--base-url ${url}`, own)).toBe(`--base-url ${url}`);
  expect(carried(`--provider=cog --base-url=${url}`)).toBe(`--provider cog --base-url ${url}`);
  expect(carried('--simulate', own)).toBe('--simulate');
  expect(carried('--simulate=20', own)).toBe('--simulate=20');
});

it('names the built-in simulator for a folder of simulated images, unless the environment has an address', () => {
  expect(carried('', { service: 'simulator' })).toBe('--simulate');
  expect(carried('', { service: 'simulator', environmentUrl: 'http://127.0.0.1:8787/v1' })).toBe('');
});

it('keeps flags of inputs, money and destinations, and none of the terminal', () => {
  const kept = [
    ...['--allow-files photos', '--budget 5', '--to s3://a/b', '--to webdataset', '--no-provenance'],
    ...['--c2pa-key k.pem', '--table csv'],
  ].join(' ');
  expect(carried(`--json --quiet --count 3 --out x --notify https://a.b/secret ${kept} --model a/b`)).toBe(
    kept,
  );
});

it('quotes values as a shell takes them', () => {
  const parsed = command.parse(['--allow-files', "it's"]);
  expect(parsed).toMatchObject({ typed: [{ name: 'allow-files', words: "--allow-files 'it'\\''s'" }] });
});

it.each([
  ['retry', retry],
  ['collect', collect],
])('carries no flag that %s does not have', (_name, target) => {
  const typed = flagTable.filter(({ name }) => flagsOfAll.includes(name)).map(({ name }) => name);
  const every = typed.map((name) => ({ name, words: `--${name}` }));
  const all = carriedFlags({ typed: every, baseUrl: null }, { environmentUrl: null, service: null });
  const own = target.options().map(({ name }) => name);
  expect(all.filter((word) => !own.includes(word))).toEqual([]);
});

import { expect, it } from 'vitest';
import { createCommand } from '../../../src/cli/flags/command.ts';
import { type FlagGroup, groupHeadings } from '../../../src/cli/flags/defineFlag.ts';
import { emptyFlags, flagsIn } from '../../../src/cli/flags/flags.ts';
import { flagTable } from '../../../src/cli/flags/flagTable.ts';

it('declares each flag once, and for each field one empty value', () => {
  const names = flagTable.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const fields = new Set(flagTable.map(({ field }) => field));
  const declared = flagTable.filter(({ empty }) => empty !== undefined).map(({ field }) => field);
  expect(declared.toSorted()).toEqual([...fields].sort());
  expect(Object.keys(emptyFlags).sort()).toEqual([...fields].sort());
});

it('declares at most one default for each field, and only if it may be open', () => {
  const defaulted = flagTable.filter((flag) => flag.default !== undefined);
  expect(new Set(defaulted.map(({ field }) => field)).size).toBe(defaulted.length);
  expect(defaulted.filter(({ empty }) => empty !== null)).toEqual([]);
});

it('has every flag in one group, and no group without flags', () => {
  const groups = Object.keys(groupHeadings).filter((name): name is FlagGroup => name in groupHeadings);
  expect(groups.filter((group) => flagsIn(group).length === 0)).toEqual([]);
  const all = groups.flatMap((group) => flagsIn(group));
  expect(all.toSorted()).toEqual(flagTable.map(({ name }) => name).sort());
});

it('lets a script serve whole groups and single flags', () => {
  expect(flagsIn('money', 'output')).toEqual([
    ...['budget', 'budget-per-day', 'budget-per-month', 'price'],
    ...['watch', 'open', 'json', 'no-config', 'quiet'],
  ]);
  const { parse } = createCommand({
    name: 'collect',
    summary: 'Collects.',
    version: '1.2.3',
    inputs: [],
    flags: [...flagsIn('money', 'output'), 'only'],
  });
  const help = parse(['--help']);
  const shown = help.kind === 'text' ? help.text.matchAll(/^ {2}--([\w-]+)/gm) : [];
  expect([...shown].map(([, name]) => name)).toEqual([
    ...['only', 'budget', 'budget-per-day', 'budget-per-month', 'price'],
    ...['watch', 'open', 'json', 'no-config', 'quiet', 'version'],
  ]);
  expect(() => parse(['--limit', '2'])).toThrow('collect has no flag `--limit`.');
});

it('names the strategies in the help in the order of their record', () => {
  const strategy = flagTable.find(({ name }) => name === 'strategy');
  expect(strategy?.help).toBe(
    'scheduling of jobs: sequential, parallel (100 at once unless you set --concurrency), waves, queue or stream',
  );
});

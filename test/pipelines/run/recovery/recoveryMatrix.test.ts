import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { recoveryTables } from '../../../helpers/recoveryTable.ts';

it('each table of docs/recovery.md has its cases, and each cell has words', () => {
  const folder = 'test/pipelines/run/recovery';
  const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const tested = sources.flatMap((source) => /^describeTable\('(.+)', \{$/m.exec(source)?.[1] ?? []);
  const tables = recoveryTables();
  expect(tested.toSorted()).toEqual([...tables.keys()].toSorted());
  const rows = [...tables.values()].flat();
  expect(rows.flatMap((row) => Object.values(row)).filter((cell) => cell === '')).toEqual([]);
  expect(new Set(rows.map(({ change }) => change)).size).toBe(rows.length);
});

import { expect, it } from 'vitest';
import { z } from 'zod';
import { UsageError } from '../../../src/errors.ts';
import { readSpec } from '../../../src/sources/specs/readSpec.ts';
import { tempFile } from '../../helpers/tempFile.ts';

const style = z.union([z.string(), z.strictObject({ name: z.string(), file: z.string() })]);
const schema = z
  .strictObject({
    kind: z.enum(['grid', 'zip']),
    axes: z.record(z.string(), z.array(style).min(1)),
    depth: z.int().nullish(),
    quiet: z.boolean().default(false),
  })
  .transform((spec) => spec);

async function faultsOf(content: string): Promise<string[]> {
  const path = await tempFile('s.yaml', content);
  const error: unknown = await readSpec(path, schema, { what: 'grid spec' }).catch(
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UsageError)) throw error;
  return error.message.split('\n').map((line) => line.trim().replace(path, 'PATH'));
}

it('names the nearest key at any depth, through unions, records and transforms', async () => {
  const content =
    'kind: grid\naxis: {}\naxes:\n  style:\n    - flat\n    - name: a\n      flie: b\n      file: c\n';
  expect(await faultsOf(content)).toEqual([
    'PATH: 2 mistakes in this grid spec:',
    'line 7: axes.style[1].flie: Unknown key; did you mean file?',
    'line 2: axis: Unknown key; did you mean axes?',
  ]);
});

it('says what was expected and what came, with a near match for a word', async () => {
  expect(await faultsOf('kind: gird\naxes: [1]\ndepth: deep\nquiet: [x]\n')).toEqual([
    'PATH: 4 mistakes in this grid spec:',
    'line 1: kind: Expected one of grid, zip, got "gird"; did you mean grid?',
    'line 2: axes: Expected keys and values, got a list',
    'line 3: depth: Expected a number, got "deep"',
    'line 4: quiet: Expected true or false, got a list',
  ]);
});

it('says what is missing', async () => {
  expect(await faultsOf('kind: grid\n')).toEqual([
    'PATH: 1 mistake in this grid spec:',
    'axes: Expected keys and values, got nothing',
  ]);
});

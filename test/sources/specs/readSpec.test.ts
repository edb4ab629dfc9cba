import { expect, it } from 'vitest';
import { z } from 'zod';
import { UsageError } from '../../../src/errors.ts';
import { specFields } from '../../../src/sources/specs/batchSpec.ts';
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

it('names the expected and the received value, with a near match for a word', async () => {
  expect(await faultsOf('kind: gird\naxes: [1]\ndepth: deep\nquiet: [x]\n')).toEqual([
    'PATH: 4 mistakes in this grid spec:',
    'line 1: kind: Expected one of grid, zip, got "gird"; did you mean grid?',
    'line 2: axes: Expected keys and values, got a list',
    'line 3: depth: Expected a number, got "deep"',
    'line 4: quiet: Expected true or false, got a list',
  ]);
});

it('names missing keys', async () => {
  expect(await faultsOf('kind: grid\n')).toEqual([
    'PATH: 1 mistake in this grid spec:',
    'axes: Expected keys and values, got nothing',
  ]);
});

it('merges merge keys, and takes aliases', async () => {
  const path = await tempFile(
    's.yaml',
    'kind: &kind grid\naxes:\n  a: &all [x, {name: y, file: z}]\n  b: *all\n  c:\n    - &z {name: q, file: r}\n    - {<<: *z, name: s}\n',
  );
  expect(await readSpec(path, schema, { what: 'grid spec' })).toMatchObject({
    axes: { b: ['x', { name: 'y', file: 'z' }], c: [{ name: 'q' }, { name: 's', file: 'r' }] },
  });
});

it.each([
  [
    'deep lists',
    `kind: grid\naxes: ${'['.repeat(5_000)}${']'.repeat(5_000)}\n`,
    'line 2: Expected at most 100 levels',
  ],
  [
    'levels that the parser takes',
    `kind: grid\naxes: ${'['.repeat(200)}${']'.repeat(200)}\n`,
    'line 2: axes: Expected at most 100 levels',
  ],
  [
    'deep JSON',
    `{"kind": "grid",\n"axes": ${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}}`,
    'line 2: Expected at most 100 levels',
  ],
  ['a circle', 'kind: grid\naxes: &a {b: *a}\n', 'line 2: axes: Expected at most 100 levels'],
  [
    'a merge key without a map',
    'kind: grid\naxes: {}\n<<: 5\n',
    'line 3: Invalid YAML: Merge sources must be maps',
  ],
  ['an unknown alias', 'kind: grid\naxes: *none\n', 'line 2: Invalid YAML: Unresolved alias'],
])('names the line of %s', async (_what, content, fault) => {
  const [first, second] = await faultsOf(content);
  expect(first).toBe('PATH: 1 mistake in this grid spec:');
  expect(second).toContain(fault);
});

it('refuses aliases that stand for more than any memory holds', async () => {
  const lines = Array.from(
    { length: 9 },
    (_, n) => `y${n}: &b${n} [${Array(50).fill(n ? `*b${n - 1}` : 'lol')}]`,
  );
  expect((await faultsOf(`kind: grid\n${lines.join('\n')}\n`))[1]).toMatch(
    /^line \d+: y\d: Expected at most 2000000 characters with all aliases in their place, got more$/,
  );
});

it('refuses two renditions with one name', () => {
  const renditions = z.object(specFields).shape.renditions.safeParse(['a=10x10', 'b=10x10', 'a=20x20']);
  expect(renditions.error?.issues).toMatchObject([
    { path: [2], message: 'Expected each name once, got a twice' },
  ]);
});

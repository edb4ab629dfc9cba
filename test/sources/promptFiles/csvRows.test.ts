import fc from 'fast-check';
import { expect, it } from 'vitest';
import { takeSnapshot } from '../../../src/disk/snapshot.ts';
import { csvRows } from '../../../src/sources/promptFiles/csv.ts';
import { collect } from '../../helpers/collect.ts';
import { rowsOf, shortRowsOf } from '../../helpers/rowsOf.ts';
import { tempFile } from '../../helpers/tempFile.ts';

it('takes the column prompt in any letter case, and the others as texts', async () => {
  const content = '\uFEFFStyle, PROMPT ,seed\r\noil,"a cat, ""Tom""",4\r\n,a dog,\r\n';
  expect(await rowsOf('p.csv', content)).toEqual([
    { type: 'row', line: 2, prompt: 'a cat, "Tom"', fields: { Style: 'oil', seed: '4' }, text: true },
    { type: 'row', line: 3, prompt: 'a dog', fields: { Style: '', seed: '' }, text: true },
  ]);
});

it('counts lines, not records: quoted values may contain line ends, blank lines are skipped', async () => {
  const content = 'prompt,style\r\n"a\r\ncat",oil\r\n\r\nb,ink\r\n';
  expect(await shortRowsOf('p.csv', content)).toEqual([
    [2, 'a\ncat'],
    [5, 'b'],
  ]);
});

it.each([
  ['p.csv', 'a;prompt\n1;x, y\n'],
  ['p.csv', 'a\tprompt\n1\tx, y\n'],
  ['p.tsv', 'a\tprompt\n1\tx, y\n'],
])('finds the delimiter of %s %j', async (name, content) => {
  expect(await rowsOf(name, content)).toMatchObject([{ prompt: 'x, y', fields: { a: '1' } }]);
});

it('reads a file of one column', async () => {
  expect(await shortRowsOf('p.csv', 'prompt\na cat\n\nb\n')).toEqual([
    [2, 'a cat'],
    [4, 'b'],
  ]);
});

it('names rows with too few or too many values, without a prompt, or with bytes that are not UTF-8', async () => {
  const content = 'prompt,style\na\nb,c,d\n" ",oil\n"é\uFFFD",ink\nlast,one\n';
  expect(await shortRowsOf('p.csv', content)).toEqual([
    [2, new Error('Expected 2 values (prompt, style), got 1')],
    [
      3,
      new Error(
        'Expected 2 values (prompt, style), got 3; put a value that contains the delimiter in quotation marks (")',
      ),
    ],
    [4, new Error('Expected a prompt, got an empty value')],
    [5, new Error('Expected UTF-8 text, got bytes that are not UTF-8: save the file as UTF-8')],
    [6, 'last'],
  ]);
});

it('names the row with wrong quotes', async () => {
  expect(await shortRowsOf('p.csv', 'prompt,style\na,oil\n"b"c,oil\nd,"ink"\n"e",oil\n')).toMatchObject([
    [2, 'a'],
    [3, { message: expect.stringContaining('write "" for a " inside a quoted value') }],
    [5, 'e'],
  ]);
});

it('names the line of a quote that is never closed', async () => {
  expect(await shortRowsOf('p.csv', 'prompt\na\n"b\nc\n')).toEqual([
    [2, 'a'],
    [3, new Error('Expected a closing ": a value that begins with " here is never closed')],
  ]);
});

it('gives up after 1 MB behind a quote that is never closed', async () => {
  const rows = await shortRowsOf('p.csv', `prompt\na\n"${'b\n'.repeat(1_000_000)}`);
  expect(rows).toHaveLength(2);
  const message =
    'Expected a row of at most 1000000 characters: a value that begins with " here is longer, or never closed';
  expect(rows[1]).toEqual([3, new Error(message)]);
  const closed = await shortRowsOf('p.csv', `prompt\na\n"${'b'.repeat(10_000_000)}"\nc\n`);
  expect(closed[1]).toEqual([3, new Error(message)]);
});

it('reads back every value that was written, across the edges of chunks', async () => {
  const value = fc.string({ unit: fc.constantFrom('a', 'é', '😀', '"', ',', '\n', ' ', ';'), maxLength: 30 });
  const record = fc.tuple(fc.integer({ min: 0, max: 9 }), value);
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async (records) => {
      // Each is repeated so that the file is longer than a chunk.
      const all = Array.from({ length: 60 }, () => records).flat();
      const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
      const lines = all.map(([number, text]) => `${number}${'x'.repeat(80)},${quoted(text)}`);
      const path = await tempFile('p.csv', `prompt,tag\n${lines.join('\n')}\n`);
      const rows = await collect(csvRows(await takeSnapshot(path)));
      let line = 2;
      const expected = all.map(([number, text]) => {
        const row = {
          type: 'row',
          line,
          prompt: `${number}${'x'.repeat(80)}`,
          fields: { tag: text.trim() },
          text: true,
        };
        line += text.split('\n').length;
        return row;
      });
      expect(rows).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

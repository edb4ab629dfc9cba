import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rowsOf } from '../../helpers/rowsOf.ts';

/** One way to write a table. */
interface Dialect {
  readonly delimiter: string;
  /** Puts quotes around all values, not only around those that need them. */
  readonly quotesAll: boolean;
  readonly lineEnd: string;
  readonly encoding: 'utf8' | 'utf8 with mark' | 'utf-16le' | 'utf-16be';
  /** Columns and rows without values, as spreadsheets leave them behind. */
  readonly emptyColumns: number;
  readonly emptyRows: number;
  /** Writes the delimiter on a first line `sep=;`. */
  readonly namesDelimiter: boolean;
  readonly isCompressed: boolean;
}

const dialects: fc.Arbitrary<Dialect> = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  quotesAll: fc.boolean(),
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  encoding: fc.constantFrom('utf8', 'utf8 with mark', 'utf-16le', 'utf-16be'),
  emptyColumns: fc.nat(2),
  emptyRows: fc.nat(2),
  namesDelimiter: fc.boolean(),
  isCompressed: fc.boolean(),
});

function written(table: readonly (readonly string[])[], dialect: Dialect): Uint8Array {
  const { delimiter, quotesAll, lineEnd } = dialect;
  const cell = (value: string): string => {
    const needsQuotes = value.includes(delimiter) || /["\n]/.test(value);
    if (!quotesAll && !needsQuotes) return value;
    return `"${value.replaceAll('"', '""').replaceAll('\n', lineEnd)}"`;
  };
  const empty = new Array<string>(dialect.emptyColumns).fill('');
  const lines = table.map((values) => [...values.map(cell), ...empty].join(delimiter));
  const width = (table[0]?.length ?? 0) + empty.length;
  const emptyRow = new Array<string>(width).fill('').join(delimiter);
  if (dialect.namesDelimiter) lines.unshift(`sep=${delimiter}`);
  for (let row = 0; row < dialect.emptyRows; row += 1) lines.push(emptyRow);
  const bytes = encoded(lines.join(lineEnd) + lineEnd, dialect.encoding);
  return dialect.isCompressed ? gzipSync(bytes) : bytes;
}

function encoded(text: string, encoding: Dialect['encoding']): Uint8Array {
  if (encoding === 'utf8') return Buffer.from(text);
  if (encoding === 'utf8 with mark') return Buffer.from(`\uFEFF${text}`);
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return encoding === 'utf-16le' ? bytes : bytes.swap16();
}

const units = ['a', 'B', ' ', '"', ',', ';', '|', '\t', '\n', 'é', '猫', '😀', "'", '=', '0'];
const cells = fc.string({ unit: fc.constantFrom(...units), maxLength: 12 }).map((text) => text.trim());
const names = fc.constantFrom('mood', 'a;b', 'size, mm', 'the "best"', 'line\nend', 'tab\tbed');
const tables = fc
  .uniqueArray(names, { maxLength: 3 })
  .chain((tags) =>
    fc.tuple(
      fc.constant(tags),
      fc.nat(tags.length),
      fc.array(
        fc.tuple(
          cells.filter((text) => text !== ''),
          fc.array(cells, { minLength: tags.length, maxLength: tags.length }),
        ),
        { minLength: 1, maxLength: 6 },
      ),
    ),
  )
  .map(([tags, at, records]) => ({ tags, at, records }));

function inserted(values: readonly string[], at: number, value: string): string[] {
  return [...values.slice(0, at), value, ...values.slice(at)];
}

it('reads the same rows, however a spreadsheet writes them', async () => {
  await fc.assert(
    fc.asyncProperty(tables, dialects, async ({ tags, at, records }, dialect) => {
      const table = [inserted(tags, at, 'Prompt')];
      for (const [prompt, values] of records) table.push(inserted(values, at, prompt));
      const name = dialect.delimiter === '\t' && !dialect.namesDelimiter ? 'p.tsv' : 'p.csv';
      const rows = await rowsOf(dialect.isCompressed ? `${name}.gz` : name, written(table, dialect));
      expect(rows.map((row) => (row.type === 'row' ? [row.prompt, row.fields] : row))).toEqual(
        records.map(([prompt, values]) => [
          prompt,
          Object.fromEntries(tags.map((tag, index) => [tag, values[index]])),
        ]),
      );
    }),
    { numRuns: 300 },
  );
});

it('counts the lines of a file with any line ends, the line of the delimiter included', async () => {
  for (const lineEnd of ['\n', '\r\n', '\r']) {
    const lines = ['sep=;', 'prompt;mood', 'a cat;calm', ';;', '"two', 'lines";wild', 'a dog;shy', ''];
    const rows = await rowsOf('p.csv', lines.join(lineEnd));
    expect(rows.map(({ line }) => line)).toEqual([3, 5, 7]);
  }
});

it.each([
  [
    'a value without a column',
    'prompt,mood\na,b,c\n',
    'Expected 2 values (prompt, mood), got 3; put a value that contains the delimiter in quotation marks (")',
  ],
  [
    'a value in a column without a name',
    'prompt,,mood\na,b,c\n',
    'Expected 2 values (prompt, mood), got 3; put a value that contains the delimiter in quotation marks (")',
  ],
  ['a value too few', 'prompt,mood,\na\n', 'Expected 2 values (prompt, mood), got 1'],
])('names the row with %s', async (_what, content, message) => {
  expect(await rowsOf('p.csv', content)).toEqual([{ type: 'problem', line: 2, message }]);
});

it('reads a file of one column with commas in its prompts', async () => {
  expect(await rowsOf('p.csv', 'prompt\na cat, asleep\n"a dog, awake"\n')).toMatchObject([
    { prompt: 'a cat, asleep' },
    { prompt: 'a dog, awake' },
  ]);
});

it.each(['prompt;size, mm\na;b\n', '"size; in, mm"|prompt\nb|a\n', '"sep=|"\n"prompt"|x\na|b\n'])(
  'finds the delimiter of %j',
  async (content) => {
    expect(await rowsOf('p.csv', content)).toMatchObject([{ prompt: 'a' }]);
  },
);

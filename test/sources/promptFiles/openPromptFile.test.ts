import { createReadStream } from 'node:fs';
import { appendFile, chmod, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { csvRows } from '../../../src/sources/promptFiles/csv.ts';
import { jsonRows } from '../../../src/sources/promptFiles/json.ts';
import { jsonLinesRows, txtRows } from '../../../src/sources/promptFiles/lines.ts';
import { openPromptFile } from '../../../src/sources/promptFiles/promptFile.ts';
import type { RowItem } from '../../../src/sources/promptFiles/rows.ts';
import type { TextFile } from '../../../src/sources/promptFiles/text.ts';
import { yamlRows } from '../../../src/sources/promptFiles/yaml.ts';
import { collect } from '../../helpers/collect.ts';
import { rowsOf, shortRowsOf } from '../../helpers/rowsOf.ts';
import { tempFile, tempFolder } from '../../helpers/tempFile.ts';

const opening = async (name: string, content: string | Uint8Array) =>
  openPromptFile(await tempFile(name, content));

it('reads one prompt per line with line numbers, and skips blank lines', async () => {
  const content = '\uFEFFa cat\r\n\r\n  a dog in a café  \r\n\t\nlast, without a line end';
  expect(await shortRowsOf('p.txt', content)).toEqual([
    [1, 'a cat'],
    [3, 'a dog in a café'],
    [5, 'last, without a line end'],
  ]);
});

it('can be read twice, also after a pass that was left early', async () => {
  const file = await opening('p.txt', 'a\nb\n');
  for await (const row of file.rows()) {
    expect(row.line).toBe(1);
    break;
  }
  expect(await collect(file.rows())).toHaveLength(2);
  expect(await collect(file.rows())).toHaveLength(2);
});

it('ignores the case of the extension', async () => {
  expect(await rowsOf('P.TXT', 'a cat')).toHaveLength(1);
});

it('names lines that are not UTF-8 or hold NUL bytes, and reads on', async () => {
  const filler = `${'x'.repeat(99)}\n`.repeat(100);
  const content = Buffer.concat([
    Buffer.from(filler),
    Buffer.from('caf\xe9\n', 'latin1'),
    Buffer.from('nul \0 byte\nfine\n'),
  ]);
  const rows = await shortRowsOf('p.txt', content);
  expect(rows.slice(100)).toEqual([
    [101, new Error('Expected UTF-8 text, got bytes that are not UTF-8: save the file as UTF-8')],
    [102, new Error('Expected text, got a NUL byte: this is not a text file')],
    [103, 'fine'],
  ]);
});

it('skips a line above 1 MB without storing it, and continues', async () => {
  const rows = await shortRowsOf('p.txt', `a\n${'x'.repeat(3_000_000)}\nb\n${'y'.repeat(1_000_001)}`);
  const tooLong = new Error('Expected a line of at most 1000000 characters, got a longer one');
  expect(rows).toEqual([
    [1, 'a'],
    [2, tooLong],
    [3, 'b'],
    [4, tooLong],
  ]);
});

it('keeps letters and line ends that a chunk’s edge cuts in two', async () => {
  const lines = Array.from({ length: 5_000 }, (_, index) => `${'é'.repeat(index % 40)}😀 ${index}`);
  const rows = await shortRowsOf('p.txt', lines.join('\r\n'));
  expect(rows.map(([, prompt]) => prompt)).toEqual(lines);
});

it.each([
  ['p.txt', '', 'Expected at least one prompt, got an empty file'],
  ['p.txt', '\n \n', 'Expected at least one prompt, got a file without any'],
  ['p.csv', 'prompt,style\n', 'Expected at least one prompt, got a file without any'],
  ['p.json', '[]', 'Expected at least one prompt, got a file without any'],
  ['p.yaml', '# nothing yet\n', 'Expected at least one prompt, got a file without any'],
  ['p.csv', 'prompt,style,style\na,b,c\n', 'The header has the column style twice'],
  ['p.json', '{"prompt": "a"}', 'Expected a JSON array of texts or objects, got {…'],
  ['p.yaml', 'prompt: a cat\n', 'Expected a list of prompts, got keys and values'],
  [
    'p.docx',
    'a cat',
    'Expected a file that ends in .txt, .csv, .tsv, .jsonl, .ndjson, .json, .yaml, .yml, .xlsx, got .docx',
  ],
  ['prompts', 'a cat', 'got a name without extension'],
  ['p.csv.gz', 'prompt\na cat\n', 'Expected a gzip file, got one that is damaged or cut'],
  [
    'p.csv.gz',
    gzipSync('prompt\na cat\n').subarray(0, -9),
    'Expected a gzip file, got one that is damaged or cut',
  ],
  ['p.xlsx', 'prompt\na cat\n', 'Expected an Excel workbook, got a file that cannot be read as one'],
  ['p.txt', Buffer.from('MZ\0\0'), 'Expected UTF-8 text, got'],
])('refuses %s with %j', async (name, content, message) => {
  const error: unknown = await opening(name, content).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect(String(error)).toContain(message);
});

it('names the type of an image file', async () => {
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  await expect(opening('p.txt', png)).rejects.toThrow('Expected UTF-8 text, got image/png');
});

it('refuses a missing file and a folder', async () => {
  const folder = await tempFolder();
  await mkdir(join(folder, 'p.txt'));
  await expect(openPromptFile(join(folder, 'p.txt'))).rejects.toThrow('got a folder');
  await expect(openPromptFile(join(folder, 'q.txt'))).rejects.toThrow('got no file of that name');
});

it('refuses a file that may not be read', async () => {
  const path = await tempFile('p.txt', 'a cat');
  await chmod(path, 0o000);
  // Root may read every file, so it reads as another user for a moment.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  const refused = expect(openPromptFile(path)).rejects.toThrow(UsageError);
  await refused.finally(() => {
    if (isRoot) process.seteuid?.(0);
  });
});

/** Readers of rows over a file that may still change. */
const readers: Readonly<Record<string, (file: TextFile) => AsyncIterable<RowItem>>> = {
  'p.txt': txtRows,
  'p.csv': csvRows,
  'p.jsonl': jsonLinesRows,
  'p.json': jsonRows,
  'p.yaml': yamlRows,
};

it.each([
  ['p.txt', 'a cat\n', 'the last'],
  ['p.csv', 'prompt\n', 'the last'],
  ['p.jsonl', '"a cat"\n', '"the last"'],
  ['p.json', '["a cat"\n', ', "the last"]'],
  ['p.yaml', '- a cat\n', '- the last'],
])('streams %s: lines that are appended during a pass are part of it', async (name, head, last) => {
  const line = { 'p.json': ', "x"\n', 'p.jsonl': '"x"\n', 'p.yaml': '- x\n' }[name] ?? 'x\n';
  const path = await tempFile(name, head + line.repeat(100_000));
  let prompt = '';
  let rows = 0;
  for await (const row of readers[name]?.({ path, bytes: 1, chunks: () => createReadStream(path) }) ?? []) {
    if (rows === 0) await appendFile(path, last);
    rows += 1;
    prompt = row.type === 'row' ? (row.prompt ?? '') : row.message;
  }
  expect(rows).toBeGreaterThan(100_000);
  expect(prompt).toBe('the last');
});

it.each([
  ['p.txt', 'a cat\na dog\n'],
  ['p.csv', 'prompt\na cat\na dog\n'],
  ['p.jsonl', '"a cat"\n"a dog"\n'],
  ['p.json', '["a cat", "a dog"]'],
  ['p.yaml', '- a cat\n- a dog\n'],
])('reads %s as it was when it was opened, even if it changes', async (name, content) => {
  const path = await tempFile(name, content);
  const file = await openPromptFile(path);
  const changes = [
    () => appendFile(path, content),
    () => writeFile(path, content.replaceAll('cat', 'bat')),
    () => truncate(path, 9),
    () => rm(path),
  ];
  expect(await file.hasChanged()).toBe(false);
  for (const change of changes) {
    await change();
    expect(await collect(file.rows())).toMatchObject([{ prompt: 'a cat' }, { prompt: 'a dog' }]);
    expect(await file.hasChanged()).toBe(true);
  }
});

it('has another name in messages if it is a copy', async () => {
  const open = async (name: string, content: string) =>
    openPromptFile(await tempFile(name, content), 'input');
  await expect(open('p.txt', '\0\u0001')).rejects.toThrow(/^input: Expected UTF-8 text/);
  await expect(open('p.csv', 'a,a\n1,2\n')).rejects.toThrow(/^input: The header has/);
  await expect(open('p.txt', '\n\n')).rejects.toThrow(/^input: Expected at least one prompt/);
  expect((await open('p.txt', 'a\n')).path).toBe('input');
});

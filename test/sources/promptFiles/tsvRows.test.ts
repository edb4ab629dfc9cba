import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rowsOf } from '../../helpers/rowsOf.ts';

const promptsOf = async (...lines: string[]) =>
  (await rowsOf('p.tsv', `${lines.join('\n')}\n`)).map((row) =>
    row.type === 'row' ? row.prompt : new Error(row.message),
  );

it.each([
  ['as they are written', '"OPEN" sign over a door', '"OPEN" sign over a door'],
  ['around one word', '"OPEN"', '"OPEN"'],
  ['that are never closed', '"OPEN', '"OPEN'],
  ['in the middle', 'a 12" record', 'a 12" record'],
  ['around a comma, as spreadsheets write them', '"a cat, asleep"', 'a cat, asleep'],
  ['written twice', '"an ""OPEN"" sign"', 'an "OPEN" sign'],
  ['around two lines', '"a cat\nasleep"', 'a cat\nasleep'],
])('reads quotes %s', async (_what, cell, prompt) => {
  expect(await promptsOf('prompt\tmood', `${cell}\tcalm`)).toEqual([prompt]);
});

it('lets the whole file decide if quotes belong to its format', async () => {
  // One value that cannot be quoted shows that none is.
  expect(await promptsOf('prompt\tmood', '"a, b"\tcalm', '"OPEN" sign\tcalm')).toEqual([
    '"a, b"',
    '"OPEN" sign',
  ]);
  // Quotes around the header are around everything.
  expect(await promptsOf('"prompt"\t"mood"', '"OPEN"\t"calm"')).toEqual(['OPEN']);
  expect(await promptsOf('prompt', '"a cat', 'asleep"', 'a dog')).toEqual(['a cat\nasleep', 'a dog']);
});

it('reads back files of a program that does not quote', async () => {
  const units = ['a', ' ', '"', ',', ';', 'é', '😀'];
  const cell = fc.string({ unit: fc.constantFrom(...units), minLength: 1, maxLength: 12 });
  const prompts = cell.map((text) => text.trim()).filter((text) => text !== '');
  await fc.assert(
    fc.asyncProperty(fc.array(prompts, { minLength: 1, maxLength: 6 }), async (all) => {
      // This one shows that the file does not quote.
      const lines = ['prompt\tmood', ...all.map((prompt) => `${prompt}\tcalm`), '"so" be it\tcalm'];
      expect(await promptsOf(...lines)).toEqual([...all, '"so" be it']);
    }),
  );
});

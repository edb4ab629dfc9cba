import { expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { openPromptFile } from '../../../src/sources/promptFiles/promptFile.ts';
import { validateRows } from '../../../src/sources/promptFiles/promptJobs.ts';
import { contextOf } from '../../helpers/contextOf.ts';
import { rowsOf, shortRowsOf } from '../../helpers/rowsOf.ts';
import { tempFile } from '../../helpers/tempFile.ts';

const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');

/** The message and the advice for a file that is refused as a whole. */
async function refusalOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = await tempFile(name, content);
  try {
    await validateRows(await openPromptFile(path), contextOf());
  } catch (error) {
    if (error instanceof UsageError) return `${error.message.replace(path, name)} | ${error.suggestion}`;
    throw error;
  }
  throw new Error(`Expected ${name} to be refused`);
}

it.each([
  ['with a byte order mark', utf16('prompt\tseed\r\na fox\t7\r\n')],
  ['pasted from a table', '\n Seed\tPrompt \n7\ta fox\n'],
])('reads a table that a spreadsheet has saved as text, %s', async (_what, content) => {
  const rows = await rowsOf('p.txt', content);
  expect(rows).toHaveLength(1);
  expect(rows).toMatchObject([{ prompt: 'a fox', text: true }]);
});

it.each(['a fox\tprompt and more words than any name of a column would have in it', 'prompt', 'a prompt, b'])(
  'reads %j as a prompt',
  async (line) => {
    expect(await shortRowsOf('p.txt', `${line}\n`)).toEqual([[1, line]]);
  },
);

it('reads names and values with invisible characters around them', async () => {
  expect(await rowsOf('p.csv', '\u200Bprompt\u200B,\u202Aseed\u00A0\na fox\u200B,7\n')).toMatchObject([
    { prompt: 'a fox', fields: { seed: '7' } },
  ]);
});

it.each(['#REF!', '#N/A', '#NAME?', '#DIV/0!', '#BEZUG!', '#NV', '#VALEUR!'])(
  'buys no image of the error %s',
  async (error) => {
    expect(await shortRowsOf('p.csv', `prompt\n${error}\na fox\n`)).toEqual([
      [2, new Error(`Expected a prompt, got the error ${error} of a formula in the spreadsheet`)],
      [3, 'a fox'],
    ]);
  },
);

it.each(['#hashtag', '#1!', '# A TITLE!', 'WOW!'])('reads %j as a prompt', async (prompt) => {
  expect(await shortRowsOf('p.csv', `prompt\n${prompt}\n`)).toEqual([[2, prompt]]);
});

const zip = Buffer.from('504b0304140000000800', 'hex');
const oldOffice = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]);

it.each<[string, string | Uint8Array, RegExp]>([
  ['p.txt', 'prompt,seed\na fox,7\n', /got the header of a table \| Name the file \.csv\./],
  ['p.txt', '<!DOCTYPE html>\n<html><body>Sign in</body></html>', /got a web page \| Save the table itself/],
  ['p.csv', '\uFEFF\n<html><table></table></html>', /got a web page/],
  ['p.xls', oldOffice, /Save the table as \.xlsx/],
  ['p.ods', zip, /Save the table as \.xlsx/],
  ['p.numbers', zip, /Save the table as \.xlsx/],
  ['p.csv', oldOffice, /got application\/x-cfb \| Save the table as \.xlsx/],
  ['p.csv', '“prompt”,“seed”\na fox,7\n', /Remove the typographic quotation marks/],
  ['p.csv', 'Prompts,seed\na fox,7\n', /\| Name the column Prompts prompt\./],
  [
    'p.csv',
    'prompt,seed,Seed\na fox,7,8\n',
    /has the columns seed and Seed, which are read as one name \| Rename or remove/,
  ],
  ['p.json', '// mine\n["a"]', /\| Remove the comments/],
  ['p.yaml', '# nothing yet\n---\n', /got a file without any/],
])('suggests a remedy for %s', async (name, content, message) => {
  expect(await refusalOf(name, content)).toMatch(message);
});

it.each<[string, string, string]>([
  ['p.csv', 'prompt,style\n“a fox, red”,oil\n', 'straight quotation marks (")'],
  ['p.json', '["a fox",]', 'remove the comma'],
  ['p.json', '[“a fox”]', 'Expected a text in straight double quotes (")'],
  ['p.json', "['a fox']", 'Expected a text in straight double quotes (")'],
  ['p.json', '["a" "b"]', 'Expected a comma or the end of the list or object, got "b"'],
  ['p.json', '["a", /* b */ "c"]', 'JSON has no comments'],
  ['p.json', '[{"prompt": "a", "seed": NaN}]', 'got N'],
  ['p.jsonl', '{"prompt": "a"},\n{"prompt": "b"}', 'remove the comma at its end'],
  ['p.jsonl', '[{"prompt": "a"},\n{"prompt": "b"}]', 'name it .json'],
  ['p.jsonl', '{\n  "prompt": "a"\n}', 'name it .json'],
  ['p.yaml', '- prompt: a fox\n\tseed: 7\n', 'the line begins with a tab'],
  ['p.yaml', '- prompt: a fox\n\u00A0 seed: 7\n', 'other spaces than those of the keyboard'],
  ['p.yaml', '- a fox: red and: quick\n', 'stands in quotes'],
  ['p.yaml', '- @home\n', 'put the text in quotes'],
  ['p.yaml', '- prompt: a\n  seed: 1\n  seed: 2\n', 'a key stands there twice'],
  ['p.yaml', 'prompt: a\n---\nprompt: b\n', 'there are several documents; remove the lines with ---'],
  ['p.yaml', '* a fox\n', 'begins with * or & stands in quotes'],
])('names the fault in %s: %j', async (name, content, words) => {
  const rows = await shortRowsOf(name, content);
  const [message = ''] = rows.flatMap(([, row]) => (row instanceof Error ? [row.message] : []));
  expect(message).toContain(words);
  expect(message).not.toMatch(/LEFT_|RIGHT_|chunk position|in state|parseAllDocuments/);
});

it('reads a text with a colon as a prompt without quotes', async () => {
  const file = await openPromptFile(await tempFile('p.yaml', '- Note: a cat\n'));
  const message = 'Expected a `prompt`, got the key Note: a prompt with a colon stands in quotes';
  await expect(validateRows(file, contextOf())).rejects.toMatchObject({ problems: [{ line: 1, message }] });
});

it('keeps dates, sets and bytes of YAML as they are written', async () => {
  const content = '- !!timestamp 2026-01-02\n- prompt: a\n  set: !!set {x, y}\n  bytes: !!binary aGk=\n';
  expect(await rowsOf('p.yaml', content)).toMatchObject([
    { prompt: '2026-01-02' },
    { prompt: 'a', fields: { set: { x: null, y: null }, bytes: 'aGk=' } },
  ]);
});

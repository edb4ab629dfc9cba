import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fillPrompts, plainPrompt } from '../../../src/sources/promptFiles/fillPrompts.ts';
import { openPromptFile } from '../../../src/sources/promptFiles/promptFile.ts';
import { tempFile } from '../../helpers/tempFile.ts';

/** Returns the prompts, or the mistakes, of a file's rows under a template. */
async function prompts(name: string, content: string, template: string) {
  const file = fillPrompts(await openPromptFile(await tempFile(name, content)), template);
  const found: unknown[] = [];
  for await (const row of file.rows()) found.push(row.type === 'row' ? row.prompt : row);
  return found;
}

const shop = 'name,Main Colour\nfox,red\nowl,"grey {blue}"\n';

it('makes prompts of the columns of a table', async () => {
  expect(await prompts('shop.csv', shop, 'photo of {name}, {main_colour}')).toEqual([
    'photo of fox, red',
    'photo of owl, grey {blue}',
  ]);
  expect(await prompts('shop.tsv', 'name\tsize\nfox\t3\n', '{{big}} {name} {size}')).toEqual(['{big} fox 3']);
});

it('makes them of the keys of JSON, and of prompts that rows have', async () => {
  const lines = '{"name":"fox","legs":4}\n{"name":"owl"}\n{"name":"hare","legs":[4]}\n';
  expect(await prompts('shop.jsonl', lines, 'a {name} with {legs} legs')).toEqual([
    'a fox with 4 legs',
    { type: 'problem', line: 2, message: 'Expected a value for {legs}, got only name.' },
    { type: 'problem', line: 3, message: 'Expected a text or a number for {legs}, got nothing that is one' },
  ]);
  expect(await prompts('a.txt', 'a fox\nan owl\n', '{prompt}, in winter')).toEqual([
    'a fox, in winter',
    'an owl, in winter',
  ]);
});

it.each([
  [
    'shop.csv',
    shop,
    'a {nmae}',
    'There is no column for {nmae} of the prompt; its columns are name, Main Colour',
  ],
  [
    'own.csv',
    'prompt,mood\na fox,calm\n',
    'a {mood} day',
    'has prompts of its own, which the given one leaves out',
  ],
  ['shop.csv', shop, 'a {red|blue} {name}', 'Expected names of columns in braces, got alternatives'],
  ['shop.csv', shop, 'a {name', 'Expected {name}'],
])('refuses %s with %#', async (name, content, template, message) => {
  await expect(prompts(name, content, template)).rejects.toThrow(message);
});

it('names the nearest column', async () => {
  const suggestion = 'Did you mean {name}?';
  await expect(prompts('shop.csv', shop, 'a {nmae}')).rejects.toMatchObject({ suggestion });
});

it('identifies a file with another template as another input', async () => {
  const file = await openPromptFile(await tempFile('shop.csv', shop));
  const [one, other] = ['a {name}', 'the {name}'].map((template) => fillPrompts(file, template).sha256);
  expect(one).not.toBe(other);
  expect(one).not.toBe(file.sha256);
});

it('keeps a single prompt unchanged, and reports names in braces as a mistake', () => {
  expect(plainPrompt('a fox, {{as is}}')).toBe('a fox, {as is}');
  expect(() => plainPrompt('a {name}')).toThrow('There is no table with a column for {name}');
});

it('keeps every text without braces', () => {
  const text = fc
    .string({ minLength: 1, unit: 'grapheme' })
    .filter((one) => !/[{}]/.test(one) && one.trim() === one);
  fc.assert(
    fc.property(text, (one) => {
      expect(plainPrompt(one)).toBe(one);
    }),
  );
});

import { expect, it } from 'vitest';
import { displayWidth } from '../../../src/cli/display/text.ts';

it.each([
  ['', 0],
  ['red fox', 7],
  ['Füchse – „rot“', 14],
  ['e\u0301', 1],
  ['狐狸', 4],
  ['ｆｏｘ', 6],
  ['ｷﾂﾈ', 3],
  ['한국', 4],
  ['🦊', 2],
  ['❤️', 2],
  ['👨‍👩‍👧‍👦', 2],
  ['🇩🇪🇯🇵', 4],
  ['a\u200bb', 2],
])('%j takes %i columns', (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

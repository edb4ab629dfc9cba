import { maxRowChars } from './maxRowChars.ts';
import type { RowItem } from './Row.ts';
import { textDamage } from './textDamage.ts';

const noFields = Object.freeze({});

/** The row of a line that is a prompt, or null where the line is blank. `text` null is a line that was too long. */
export function rowFromText(line: number, text: string | null): RowItem | null {
  if (text === null) return { type: 'problem', line, message: tooLong };
  const prompt = text.trim();
  if (prompt === '') return null;
  const message = textDamage(prompt);
  if (message !== null) return { type: 'problem', line, message };
  return { type: 'row', line, prompt, fields: noFields, text: false };
}

const tooLong = `Expected a line of at most ${maxRowChars} characters, got a longer one`;

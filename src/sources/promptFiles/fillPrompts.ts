import { hash } from 'node:crypto';
import { nearestName } from '../../base/suggest.ts';
import { option, UsageError } from '../../errors.ts';
import type { Json } from '../../types.ts';
import { filledPrompt, promptTemplate } from '../specs/promptTemplate.ts';
import type { PromptFile } from './promptFile.ts';
import { lettersOf } from './rowFields.ts';
import type { Row, RowItem } from './rows.ts';

/**
 * Returns a prompt file whose prompts are made by a template from the columns, or keys, of its
 * rows. Names may be written as in a spreadsheet: `{main_colour}` is the column `Main Colour`;
 * `{prompt}` is the prompt that a row has.
 *
 *     name,colour          photo of {name}, {colour}
 *     fox,red         ->   photo of fox, red
 *
 * Throws `UsageError` if the template is broken. Reading throws one if a table has no such column,
 * or if rows have prompts that the template leaves out; a row without a value is a bad row.
 */
export function fillPrompts(file: PromptFile, template: string): PromptFile {
  const { prompt, names } = readTemplate(template);
  const fill = (row: Row): RowItem => {
    const words = wordsOf(row);
    const missing = names.find((name) => !words.has(lettersOf(name)));
    if (missing !== undefined) return missingColumn(missing, row, file.path);
    if (row.prompt !== null && !names.includes('prompt')) throw ownPrompts(file.path);
    const values: [string, string][] = [];
    for (const name of names) {
      const word = textOf(words.get(lettersOf(name)) ?? null);
      if (word === null) {
        const message = `Expected a text or a number for {${name}}, got nothing that is one`;
        return { type: 'problem', line: row.line, message };
      }
      values.push([name, word]);
    }
    return { ...row, prompt: filledPrompt(prompt, Object.fromEntries(values)) };
  };
  return {
    ...file,
    sha256: hash('sha256', `${file.sha256} ${template}`),
    async *rows() {
      for await (const item of file.rows()) yield item.type === 'row' ? fill(item) : item;
    },
  };
}

/**
 * Returns a prompt that stands alone, without the second brace of `{{` and `}}`. Throws
 * `UsageError` if it has names in braces, which only a table has values for.
 */
export function plainPrompt(text: string): string {
  const { prompt, names } = readTemplate(text);
  const [name] = names;
  if (name === undefined) return filledPrompt(prompt, {});
  throw new UsageError(`There is no table with a column for {${name}} in '${text}'.`, {
    suggestion: `Name the file that has it, before ${option('--prompt')}; write {{ and }} for literal braces.`,
  });
}

function readTemplate(text: string): { readonly prompt: string; readonly names: readonly string[] } {
  const { prompt, placeholders, variants } = promptTemplate(text);
  if (variants.length === 0) return { prompt, names: placeholders };
  throw new UsageError(`Expected names of columns in braces, got alternatives: '${text}'`, {
    suggestion: 'For each of several words, write a grid spec: `init grid` makes one.',
  });
}

function wordsOf({ prompt, fields }: Row): ReadonlyMap<string, Json> {
  const words = new Map(Object.entries(fields).map(([name, value]) => [lettersOf(name), value]));
  return prompt === null ? words : words.set('prompt', prompt);
}

function textOf(value: Json): string | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value.trim();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/** Throws for a table, whose rows all lack the column; else the row alone is bad. */
function missingColumn(name: string, { line, text, fields, prompt }: Row, path: string): RowItem {
  const columns = [...Object.keys(fields), ...(prompt === null ? [] : ['prompt'])];
  const meant = nearestName(name, columns);
  const advice = meant === null ? '' : `Did you mean {${meant}}?`;
  const known = columns.slice(0, 20).join(', ');
  if (text) {
    throw new UsageError(
      `${path}: There is no column for {${name}} of the prompt; its columns are ${known}`,
      {
        suggestion: advice || 'Write names of columns in braces, {{ and }} for literal braces.',
      },
    );
  }
  const message = `Expected a value for {${name}}, got ${known === '' ? 'none' : `only ${known}`}. ${advice}`;
  return { type: 'problem', line, message: message.trim() };
}

function ownPrompts(path: string): UsageError {
  return new UsageError(`${path} has prompts of its own, which the given one leaves out.`, {
    suggestion: `Put {prompt} where they belong, or leave out ${option('--prompt')}.`,
  });
}

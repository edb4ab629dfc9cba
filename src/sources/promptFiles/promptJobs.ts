import { nearestName } from '../../base/suggest.ts';
import { InvalidRowsError, type RowProblem, UsageError } from '../../errors.ts';
import type { Job, Json, ModelInput, ModelInputProperty, ModelSchema, Tags } from '../../types.ts';
import { coerceInput } from '../modelInputs/adaptInput.ts';
import { checkInput } from '../modelInputs/checkInput.ts';
import { checkJobContext, filesOfJob, type JobContext } from '../planning/jobContext.ts';
import { checkSeeds, createSeeder } from '../planning/seeds.ts';
import type { PromptFile } from './promptFile.ts';
import type { Row, RowItem } from './rows.ts';

/**
 * The second pass: a job for each image, in the order of the rows, one at a time as they are asked for. Rows that
 * `validateRows` refuses are not expected here; a bad row is passed over.
 *
 * Throws `UsageError` where a value is not what the schema asks for, or a file is not there.
 */
export async function* jobsFromRows(
  rows: AsyncIterable<RowItem> | Iterable<RowItem>,
  context: JobContext,
): AsyncGenerator<Job, void, void> {
  const { model, version, schema, renditions, count, limit = Infinity } = context;
  const seeded = createSeeder(context);
  let index = 0;
  for await (const row of rows) {
    if (row.type === 'problem') continue;
    const fields = splitFields(row, schema);
    const { prompt } = row;
    const files = await filesOfJob(fields.input, context);
    const ownFiles = Object.keys(files).length === 0 ? {} : { files };
    const input = { ...context.input, ...fields.input, prompt };
    for (let copy = 0; copy < count; copy += 1) {
      const job = { index, prompt, model, version, tags: fields.tags, renditions, ...ownFiles };
      yield { ...job, input: seeded(input, { index, copy }, files) };
      index += 1;
      if (index >= limit) return;
    }
  }
}

/** What the fields of a row are to a model. */
interface SortedFields {
  readonly input: ModelInput;
  readonly tags: Tags;
}

/**
 * Tells a row's fields apart: those with the name of one of the model's inputs are inputs, the others tags; without a
 * schema all are tags. An empty CSV value and a JSON null say nothing, so the model's default holds.
 *
 * Throws one `UsageError` that names every value which is not what the schema asks for.
 */
function splitFields({ fields, text }: Row, schema: ModelSchema | null): SortedFields {
  const input: [string, Json][] = [];
  const tags: [string, string][] = [];
  const faults: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || (text && value === '')) continue;
    const property = propertyOf(name, schema);
    if (property === undefined) {
      tags.push([name, typeof value === 'string' ? value : JSON.stringify(value)]);
      continue;
    }
    const read = readField(() =>
      text ? coerceInput(name, String(value), property) : checked(name, value, property),
    );
    if (read instanceof UsageError) faults.push(read.message);
    else input.push([name, read]);
  }
  if (faults.length > 0) throw new UsageError(faults.join('; '));
  return { input: Object.fromEntries(input), tags: Object.fromEntries(tags) };
}

/** A mistake is kept, so that those of the other fields come to light too. */
function readField(read: () => Json): Json | UsageError {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

/** A column may be called `constructor`. */
function propertyOf(name: string, schema: ModelSchema | null): ModelInputProperty | undefined {
  return schema !== null && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
}

function checked(name: string, value: Json, property: ModelInputProperty): Json {
  checkInput(name, value, property);
  return value;
}

const keptProblems = 100;

/** What the first pass over a prompt file found. */
export interface ValidatedRows {
  /** Rows that will be used: all, or as many as the limit asks for. */
  readonly rows: number;
  /** Every field that a row has. */
  readonly fieldNames: ReadonlySet<string>;
}

/**
 * The first pass over a prompt file: reads to the end (or to the limit) without keeping anything, and finds all that
 * is wrong, also with the files that it names, before anything is created.
 *
 * Throws `InvalidRowsError` with the first 100 problems and the number of all; `UsageError` where the context cannot
 * be right for the model, or where there is no prompt at all.
 */
export async function validateRows(file: PromptFile, context: JobContext): Promise<ValidatedRows> {
  checkJobContext(context);
  const problems: RowProblem[] = [];
  const fieldNames = new Set<string>();
  const maxRows = context.limit === undefined ? Infinity : Math.ceil(context.limit / context.count);
  let rows = 0;
  let badRows = 0;
  for await (const item of file.rows()) {
    rows += 1;
    if (item.type === 'row') addNames(item, fieldNames);
    const problem = await problemOf(item, context);
    if (problem !== null) badRows += 1;
    if (problem !== null && badRows <= keptProblems) problems.push(problem);
    if (rows >= maxRows) break;
  }
  if (badRows > 0) throw new InvalidRowsError(file.path, problems, badRows, { suggestion });
  if (rows === 0) throw new UsageError(`${file.path}: Expected at least one prompt, got a file without any`);
  checkSeeds(rows, context);
  return { rows, fieldNames };
}

function addNames({ fields }: Row, names: Set<string>): void {
  for (const name in fields) names.add(name);
}

const suggestion = 'Correct these rows and run the command again; nothing was created.';

async function problemOf(item: RowItem, context: JobContext): Promise<RowProblem | null> {
  if (item.type === 'problem') return { line: item.line, message: item.message };
  try {
    const { input } = splitFields(item, context.schema);
    const property = context.schema?.properties.prompt;
    if (property !== undefined) checkInput('prompt', item.prompt, property);
    await filesOfJob(input, context);
    return missingInput(item, { ...context.input, ...input, prompt: item.prompt }, context);
  } catch (error) {
    if (error instanceof UsageError) return { line: item.line, message: error.message };
    throw error;
  }
}

function missingInput(
  { line }: Row,
  input: Readonly<Record<string, unknown>>,
  context: JobContext,
): RowProblem | null {
  const missing = context.schema?.required.find((name) => !Object.hasOwn(input, name));
  if (missing === undefined) return null;
  return { line, message: `Expected a value for \`${missing}\`, which ${context.model} requires, got none` };
}

/** A field of a prompt file, and the input of the model that it may have been meant for. */
interface MisspelledInput {
  readonly field: string;
  readonly input: string;
}

/**
 * Fields that are no input of the model, so they become tags, but that look like one: `aspect-ratio`, `Seed`,
 * `num_output`. Nothing where the model has no schema.
 */
export function misspelledInputs(fields: Iterable<string>, schema: ModelSchema | null): MisspelledInput[] {
  const inputs = Object.keys(schema?.properties ?? {});
  return [...fields].flatMap((field) => {
    if (inputs.includes(field)) return [];
    const input = inputs.find((name) => lettersOf(name) === lettersOf(field)) ?? nearLongName(field, inputs);
    return input === null ? [] : [{ field, input }];
  });
}

function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Short words are near too many others: `mood` is no `mode`, `style` no `size`. */
function nearLongName(field: string, inputs: readonly string[]): string | null {
  const isLong = (name: string) => name.length >= 6;
  return isLong(field) ? nearestName(field, inputs.filter(isLong)) : null;
}

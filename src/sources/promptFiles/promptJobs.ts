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
 * Makes a job for each image, in the order of the rows, lazily. This is the second pass over a
 * prompt file: `validateRows` has refused bad rows before, so they are skipped here.
 *
 * Throws `UsageError` if the schema refuses a value, or a file is missing.
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

/** The fields of a row, split by their use. */
interface SplitFields {
  readonly input: ModelInput;
  readonly tags: Tags;
}

/**
 * Splits a row's fields: those named after an input of the model are inputs, the others tags.
 * Without a schema all are tags. Empty CSV values and JSON nulls are left out, so that the model's
 * defaults apply.
 *
 * Throws one `UsageError` that lists all values that the schema refuses.
 */
function splitFields({ fields, text }: Row, schema: ModelSchema | null): SplitFields {
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

/** Returns a `UsageError` instead of throwing it, so that the other fields are checked too. */
function readField(read: () => Json): Json | UsageError {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

/** Returns the schema of an input. A column may be named `constructor`. */
function propertyOf(name: string, schema: ModelSchema | null): ModelInputProperty | undefined {
  return schema !== null && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
}

function checked(name: string, value: Json, property: ModelInputProperty): Json {
  checkInput(name, value, property);
  return value;
}

const maxProblems = 100;

/** The result of the first pass over a prompt file. */
export interface ValidatedRows {
  /** Number of rows that will be used: all, or as many as the limit needs. */
  readonly rows: number;
  /** Names of all fields of all rows. */
  readonly fieldNames: ReadonlySet<string>;
}

/**
 * Checks a prompt file, and the files that it names, before anything is created. This is the first
 * pass: it reads to the end, or to the limit, in constant memory.
 *
 * Rejects with `InvalidRowsError`, with the first 100 problems and the total number, or with
 * `UsageError` if the context does not fit the model or the file has no prompt.
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
    if (problem !== null && badRows <= maxProblems) problems.push(problem);
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
  return { line, message: `${context.model} requires a value for \`${missing}\`` };
}

/** A field of a prompt file, and the input of the model that it was probably meant for. */
interface MisspelledInput {
  readonly field: string;
  readonly input: string;
}

/**
 * Finds fields that become tags, as the model has no such input, but look like one of its inputs:
 * `aspect-ratio`, `Seed`, `num_output`. Returns none if the model has no schema.
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

/**
 * Returns the nearest name of 6 letters or more. Short words are near too many others: `mood` and
 * `mode`, `style` and `size`.
 */
function nearLongName(field: string, inputs: readonly string[]): string | null {
  const isLong = (name: string) => name.length >= 6;
  return isLong(field) ? nearestName(field, inputs.filter(isLong)) : null;
}

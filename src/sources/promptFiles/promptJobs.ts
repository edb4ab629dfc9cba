import { InvalidRowsError, option, type RowProblem, UsageError } from '../../errors.ts';
import type { Job, ModelSchema } from '../../types.ts';
import { checkInput } from '../modelInputs/checkInput.ts';
import {
  checkJobSettings,
  checkTakesPrompt,
  createJobContext,
  filesOfJob,
  type JobContext,
  type JobContextConfig,
} from '../planning/jobContext.ts';
import { jobInput } from '../planning/jobInput.ts';
import { checkSeeds, createSeeder } from '../planning/seeds.ts';
import type { PromptFile } from './promptFile.ts';
import { inputNameOf, splitFields } from './rowFields.ts';
import type { Row, RowItem } from './rows.ts';

/**
 * Makes a job for each image, in the order of the rows, lazily. This is the second pass over a
 * prompt file: `validateRows` has refused bad rows before, so they are skipped here.
 *
 *     jobsFromRows(file.rows(), { model, limit: 4 })
 *
 * Throws `UsageError` if the schema refuses a value, or a file is missing.
 */
export async function* jobsFromRows(
  rows: AsyncIterable<RowItem> | Iterable<RowItem>,
  config: JobContextConfig,
): AsyncGenerator<Job, void, void> {
  const context = createJobContext(config);
  const { model, version, schema, renditions, count, limit = Infinity } = context;
  const seeded = createSeeder(context);
  let index = 0;
  for await (const row of rows) {
    if (row.type === 'problem') continue;
    const fields = splitFields(row, schema);
    const { prompt } = row;
    const own = prompt === null ? fields.input : { ...fields.input, prompt };
    const files = await filesOfJob(fields.input, context);
    const ownFiles = Object.keys(files).length === 0 ? {} : { files };
    const { input, ...secrets } = jobInput({ ...context.input, ...own }, schema);
    for (let copy = 0; copy < count; copy += 1) {
      const job = {
        index,
        prompt: prompt ?? '',
        model,
        version,
        tags: fields.tags,
        renditions,
        ...ownFiles,
        ...secrets,
      };
      yield { ...job, input: seeded(input, { index, copy }, files) };
      index += 1;
      if (index >= limit) return;
    }
  }
}

const maxProblems = 100;

/** The result of the first pass over a prompt file. */
export interface ValidatedRows {
  /** Number of rows that will be used: all, or as many as the limit needs. */
  readonly rows: number;
  /** Names of all fields of all rows; those of inputs as the model writes them. */
  readonly fieldNames: ReadonlySet<string>;
}

/**
 * Checks a prompt file, and the files that it names, before anything is created. This is the first
 * pass: it reads to the end, or to the limit, in constant memory.
 *
 * Rejects with `InvalidRowsError`, with the first 100 problems and the total number, or with
 * `UsageError` if the context does not fit the model or the file has no prompt.
 */
export async function validateRows(file: PromptFile, config: JobContextConfig): Promise<ValidatedRows> {
  const context = createJobContext(config);
  checkJobSettings(context);
  const problems: RowProblem[] = [];
  const fieldNames = new Set<string>();
  const maxRows = context.limit === undefined ? Infinity : Math.ceil(context.limit / context.count);
  let rows = 0;
  let badRows = 0;
  for await (const item of file.rows()) {
    rows += 1;
    if (item.type === 'row') checkPrompt(item, file, context);
    if (item.type === 'row') addNames(item, context.schema, fieldNames);
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

function addNames({ fields }: Row, schema: ModelSchema | null, names: Set<string>): void {
  for (const field in fields) names.add(inputNameOf(field, schema) ?? field);
}

const suggestion = 'Correct these rows and run the command again; nothing was created.';

async function problemOf(item: RowItem, context: JobContext): Promise<RowProblem | null> {
  if (item.type === 'problem') return { line: item.line, message: item.message };
  try {
    const { input } = splitFields(item, context.schema);
    const { line, prompt } = item;
    const property = context.schema?.properties.prompt;
    if (prompt === null && needsPrompt(context))
      return { line, message: `Expected a \`prompt\`, got ${keysOf(item)}` };
    if (prompt !== null && property !== undefined) checkInput('prompt', prompt, property);
    // A row without inputs of its own is not waited for: the step costs more than reading it.
    if (Object.keys(input).length > 0) await filesOfJob(input, context);
    const own = prompt === null ? input : { ...input, prompt };
    return missingInput(item, { ...context.input, ...own }, context);
  } catch (error) {
    if (error instanceof UsageError) return { line: item.line, message: error.message };
    throw error;
  }
}

/**
 * Throws `UsageError` if a table has no column of prompts and the model needs one, or if there are
 * prompts for a model that takes none.
 */
function checkPrompt({ prompt, text, fields }: Row, { path }: PromptFile, context: JobContext): void {
  if (prompt !== null) checkTakesPrompt(context);
  if (prompt === null && text && needsPrompt(context)) {
    const columns = Object.keys(fields).slice(0, 20).join(', ').slice(0, 400);
    throw new UsageError(`${path}: Expected a column named prompt in the header, got ${columns}`, {
      suggestion: headerHint(Object.keys(fields), context),
    });
  }
}

function headerHint(columns: readonly string[], { model, schema }: JobContext): string {
  const other = columns.find((name) =>
    /^(?:prompts|prompt ?text|texts?|descriptions?|captions?)$/i.test(name),
  );
  if (other !== undefined) return `Name the column ${other} prompt.`;
  if (columns.some((name) => /^[“„«].*[”“»]$/.test(name)))
    return 'Remove the typographic quotation marks around the column names.';
  if (schema === null) {
    return `If ${model} takes no prompt, its inputs must be known: give a token (REPLICATE_API_TOKEN), so that they can be read. If it takes one, put the prompts in a column named prompt.`;
  }
  return `Put the column names on the first line, and the prompts in a column named prompt, or make them of the columns: ${option('--prompt', "'photo of {name}'")}.`;
}

/**
 * Returns true if each row needs a prompt: the model requires it, or takes it and would make the
 * same image of nothing else again and again.
 */
function needsPrompt({ schema }: JobContext): boolean {
  if (schema === null) return true;
  const { properties, required } = schema;
  return properties.prompt !== undefined && (required.length === 0 || required.includes('prompt'));
}

function keysOf({ fields }: Row): string {
  const keys = Object.keys(fields);
  const [only = ''] = keys;
  if (keys.length === 1 && / /.test(`${only}${fields[only]}`) && typeof fields[only] === 'string')
    return `the key ${only}: a prompt with a colon stands in quotes`;
  return keys.length === 0 ? 'an empty object' : `the keys ${keys.slice(0, 20).join(', ')}`;
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

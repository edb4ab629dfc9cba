import { InvalidRowsError, type RowProblem, UsageError } from '../errors.ts';
import { checkInput } from './checkInput.ts';
import { checkJobContext } from './checkJobContext.ts';
import { checkSeeds } from './checkSeeds.ts';
import { filesOfJob } from './filesOfJob.ts';
import type { JobContext } from './JobContext.ts';
import type { PromptFile } from './PromptFile.ts';
import type { Row, RowItem } from './Row.ts';
import { sortFields } from './sortFields.ts';

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
    const { input } = sortFields(item, context.schema);
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

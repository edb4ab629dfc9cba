import type { Job } from '../types.ts';
import { createSeeder } from './createSeeder.ts';
import { filesOfJob } from './filesOfJob.ts';
import type { JobContext } from './JobContext.ts';
import type { RowItem } from './Row.ts';
import { sortFields } from './sortFields.ts';

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
    const fields = sortFields(row, schema);
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

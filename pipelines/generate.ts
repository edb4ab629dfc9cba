// A prompt file becomes finished images on disk.
import { dirname } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { createCommand } from '../src/cli/createCommand.ts';
import { findModel } from '../src/cli/findModel.ts';
import { folderFor } from '../src/cli/folderFor.ts';
import { jobContext } from '../src/cli/jobContext.ts';
import { runBatchScript } from '../src/cli/runBatchScript.ts';
import { startBatch } from '../src/cli/startBatch.ts';
import { withDefaults } from '../src/cli/withDefaults.ts';
import { fingerprintOf } from '../src/sources/fingerprintOf.ts';
import { hashFile } from '../src/sources/hashFile.ts';
import { jobsFromRows } from '../src/sources/jobsFromRows.ts';
import { misspelledInputs } from '../src/sources/misspelledInputs.ts';
import { openPromptFile } from '../src/sources/openPromptFile.ts';
import { spoolPrompts } from '../src/sources/spoolPrompts.ts';
import { validateRows } from '../src/sources/validateRows.ts';

const defaultModel = { model: 'black-forest-labs/flux-schnell', version: null };

const command = createCommand({
  name: 'generate',
  summary: `Makes an image of each prompt in a file. The model is ${defaultModel.model} unless --model names another.`,
  version: packageJson.version,
  inputs: [
    { name: 'INPUT', help: '.txt, .csv, .tsv, .jsonl, .json or .yaml file of prompts; - for standard input' },
  ],
  examples: [
    'generate.ts examples/prompts.jsonl --simulate',
    'generate.ts prompts.csv --model black-forest-labs/flux-dev --dry-run',
    'generate.ts prompts.txt --count 4 --rendition instagram_post --budget 5',
  ],
});

await runBatchScript(command, async ({ inputs: [input = ''], flags: given, service, io, warn }) => {
  const folder = folderFor(given.out, input);
  const file = await openPromptFile(input === '-' ? await spoolPrompts(io.stdin, folder) : input);
  const flags = withDefaults(given, { ratePerMinute: 600 * service.speed });
  const reference = flags.models[0] ?? service.onlyModel ?? defaultModel;
  const context = {
    ...(await jobContext(flags, reference, await findModel(service.provider, reference))),
    // What comes through a pipe lies nowhere.
    folder: input === '-' ? process.cwd() : dirname(input),
  };
  const { rows, fieldNames } = await validateRows(file, context);
  for (const { field, input: meant } of misspelledInputs(fieldNames, context.schema)) {
    warn(`\`${field}\` is a tag and is not sent: the model has no such input. Did you mean \`${meant}\`?`);
  }
  return startBatch({
    folder,
    jobs: () => jobsFromRows(file.rows(), context),
    total: Math.min(rows * context.count, context.limit ?? Number.POSITIVE_INFINITY),
    context,
    tagNames: fieldNames,
    fingerprint: fingerprintOf(await hashFile(file.path), context),
    flags,
    service,
    io,
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hashFile } from '../../disk/hashFile.ts';
import { runDefaults } from '../../pipelines/run/settings.ts';
import { fingerprintOf } from '../../sources/planning/requestKey.ts';
import { openPromptFile, spoolPrompts } from '../../sources/promptFiles/promptFile.ts';
import { jobsFromRows, validateRows } from '../../sources/promptFiles/promptJobs.ts';
import { misspelledInputs } from '../../sources/promptFiles/rowFields.ts';
import type { RunInput } from '../../store/runFile.ts';
import { type BatchScriptContext, runBatchScript } from '../batch/batchScript.ts';
import { chooseFolder } from '../batch/chooseFolder.ts';
import { findModel, jobContext } from '../batch/models.ts';
import { startBatch } from '../batch/startBatch.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';
import { withDefaults } from '../flags/flags.ts';

const defaultModel = { model: 'black-forest-labs/flux-schnell', version: null };

const command = createCommand({
  name: 'generate',
  summary: commandTable.generate.help,
  inputs: [
    { name: 'INPUT', help: '.txt, .csv, .tsv, .jsonl, .json or .yaml file of prompts; - for standard input' },
  ],
  examples: [
    'examples/prompts.jsonl --simulate',
    'prompts.csv --model black-forest-labs/flux-dev --dry-run',
    'prompts.txt --count 4 --rendition instagram_post --budget 5',
  ],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = (argv) => runBatchScript(command, generate, argv);

/** Makes finished images on disk from a prompt file. Resolves with the exit code. */
export async function generate(script: BatchScriptContext): Promise<number> {
  const [input = ''] = script.inputs;
  if (input !== '-') return generateFrom(input, script);
  // It is read twice, and its content chooses the folder that it is stored in.
  const spool = await mkdtemp(join(tmpdir(), 'rxposure-'));
  try {
    const copy = await spoolPrompts(script.io.stdin, spool);
    return await generateFrom(copy, script, { path: null, sha256: await hashFile(copy), copy });
  } finally {
    await rm(spool, { recursive: true, force: true });
  }
}

/**
 * Makes an image of each prompt in a file; `stdin` describes it if it is a copy of standard input.
 */
async function generateFrom(path: string, script: BatchScriptContext, stdin?: RunInput): Promise<number> {
  const { flags: given, service, io, warn } = script;
  const file = await openPromptFile(path);
  const flags = withDefaults(given, { ratePerMinute: runDefaults.ratePerMinute * service.speed });
  const reference = flags.models[0] ?? service.onlyModel ?? defaultModel;
  const context = {
    ...(await jobContext(flags, reference, await findModel(service.provider, reference))),
    // Standard input has no folder.
    folder: stdin === undefined ? dirname(path) : process.cwd(),
  };
  const place = await chooseFolder(script, path, stdin === undefined ? {} : { input: stdin });
  const { rows, fieldNames } = await validateRows(file, context);
  for (const { field, input: meant } of misspelledInputs(fieldNames, context.schema)) {
    warn(`\`${field}\` is a tag and is not sent: the model has no such input. Did you mean \`${meant}\`?`);
  }
  const code = await startBatch({
    ...place,
    jobs: () => jobsFromRows(file.rows(), context),
    total: Math.min(rows * context.count, context.limit ?? Number.POSITIVE_INFINITY),
    context,
    tagNames: fieldNames,
    fingerprint: fingerprintOf(file.sha256, context),
    flags,
    service,
    io,
    around: script.around,
  });
  if (await file.hasChanged()) {
    warn(
      `${file.path} has changed. This run made the jobs of its earlier content: run it again for the others.`,
    );
  }
  return code;
}

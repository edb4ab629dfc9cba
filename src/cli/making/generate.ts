import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashFile } from '../../disk/hashFile.ts';
import { UsageError } from '../../errors.ts';
import { type OpenPrompts, openPrompts, type PromptsOfFile } from '../../pipelines/front/prompts.ts';
import { runDefaults } from '../../pipelines/run/settings.ts';
import { slug } from '../../sources/planning/fileNames.ts';
import { fingerprintOf } from '../../sources/planning/requestKey.ts';
import { fillPrompts, plainPrompt } from '../../sources/promptFiles/fillPrompts.ts';
import { openPromptFile, spoolPrompts } from '../../sources/promptFiles/promptFile.ts';
import { jobsFromRows, validateRows } from '../../sources/promptFiles/promptJobs.ts';
import { describeMisspelled } from '../../sources/promptFiles/rowFields.ts';
import type { RunInput } from '../../store/runFile.ts';
import type { BatchScriptContext } from '../batch/batchScript.ts';
import { chooseFolder } from '../batch/chooseFolder.ts';
import { findModel, jobContext, promptModel } from '../batch/models.ts';
import { startBatch } from '../batch/startBatch.ts';
import { type Flags, withDefaults } from '../flags/flags.ts';

/** Makes finished images on disk, from a prompt file or `--prompt`. Resolves with the exit code. */
export async function generate(script: BatchScriptContext): Promise<number> {
  const { inputs, flags } = script;
  const [input] = inputs;
  if (input === undefined) return generateFrom(await promptsOfFlags(flags), script);
  const template = templateOf(flags);
  if (input !== '-') return generateFrom(await openSource({ file: input, ...template }), script);
  // It is read twice, and its content chooses the folder that it is stored in.
  const spool = await mkdtemp(join(tmpdir(), 'rxposure-'));
  try {
    const copy = await spoolPrompts(script.io.stdin, spool);
    const stdin = { path: null, sha256: await hashFile(copy), copy };
    // Standard input has no folder.
    const place = { folder: process.cwd(), input: stdin, path: copy };
    const opened = await openPromptFile(copy, 'standard input');
    const file = template.prompt === undefined ? opened : fillPrompts(opened, template.prompt);
    return await generateFrom({ ...place, file }, script);
  } finally {
    await rm(spool, { recursive: true, force: true });
  }
}

/** Prompts, and the input that chooses the run folder for them. */
interface Source extends Pick<OpenPrompts, 'file' | 'folder'> {
  /** Path of the file; a name if there is none. */
  readonly path: string;
  /** Default: the file at `path`. */
  readonly input?: RunInput;
}

async function openSource(prompts: PromptsOfFile): Promise<Source> {
  const { file, folder } = await openPrompts(prompts);
  return { file, folder, path: prompts.file };
}

async function promptsOfFlags({ prompts }: Flags): Promise<Source> {
  const opened = await openPrompts(prompts.map(plainPrompt));
  return { ...opened, path: slug(prompts[0] ?? '') };
}

/** Returns the template of a file's prompts. Throws `UsageError` if there are several. */
function templateOf({ prompts: [prompt, ...others] }: Flags): Pick<PromptsOfFile, 'prompt'> {
  if (prompt === undefined) return {};
  if (others.length === 0) return { prompt };
  throw new UsageError(`Expected one \`--prompt\` with a file, got ${others.length + 1}`, {
    suggestion: 'Run the command once for each, each time with another --out folder.',
  });
}

async function generateFrom(source: Source, script: BatchScriptContext): Promise<number> {
  const { flags: given, service, io, warn } = script;
  const { file, folder, path, input } = source;
  const flags = withDefaults(given, { ratePerMinute: runDefaults.ratePerMinute * service.speed });
  const reference = promptModel(flags, service);
  const context = {
    ...(await jobContext(flags, reference, await findModel(service.provider, reference))),
    folder,
  };
  const place = await chooseFolder(script, path, input === undefined ? {} : { input });
  const { rows, fieldNames } = await validateRows(file, context);
  describeMisspelled(fieldNames, context.schema).forEach(warn);
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

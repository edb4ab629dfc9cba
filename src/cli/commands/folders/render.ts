import { of } from 'rxjs';
import { UsageError } from '../../../errors.ts';
import { renderSaved } from '../../../pipelines/workflows/renderSaved.ts';
import { expectDistinctNames } from '../../../renditions/lists.ts';
import { parseRendition } from '../../../renditions/notation.ts';
import { readableOverlays } from '../../../renditions/overlays.ts';
import { manifestOutcomes } from '../../../sinks/manifest/manifest.ts';
import { readPicks } from '../../../sinks/picks/readPicks.ts';
import { readRunFile } from '../../../store/runFile.ts';
import { type BatchScriptContext, batchCommand } from '../../batch/batchScript.ts';
import { runBatch } from '../../batch/runBatch.ts';
import { runFolderAt } from '../../batch/runFolder.ts';
import { createCommand } from '../../flags/command.ts';
import { commandTable, type RunCommand } from '../../flags/commandTable.ts';
import { type Flags, flagsIn, withDefaults } from '../../flags/flags.ts';

const command = createCommand({
  name: 'render',
  summary: commandTable.render.help,
  inputs: [{ name: 'RUN_FOLDER', help: '--out folder of a run' }],
  flags: [
    'rendition',
    'only',
    'picks',
    ...flagsIn('images', 'destinations', 'tables', 'output'),
    'on-end',
    'notify',
  ],
  needsService: false,
  examples: [
    'out/prompts --rendition instagram_post',
    'out/prompts --rendition thumb=320x320,webp,max=20kB --only 3,7-9',
    'out/prompts --rendition instagram_post --picks picks.json',
  ],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = batchCommand(command, renderCommand);

/** Makes renditions of the saved images of a folder. Resolves with the exit code. */
async function renderCommand(script: BatchScriptContext): Promise<number> {
  const {
    inputs: [path = ''],
    flags,
    service,
    io,
  } = script;
  const folder = await runFolderAt(path);
  if (flags.renditions.length === 0) {
    throw new UsageError('Expected `--rendition`, got none', {
      suggestion: 'Name a preset or a size, such as --rendition thumb=320x320,webp.',
    });
  }
  const specs = flags.renditions.map((text) => parseRendition(text));
  expectDistinctNames(specs);
  const renditions = await readableOverlays(specs, process.cwd());
  const isPicked = await pickedIn(folder, flags);
  const unsaved = await unsavedOf(flags.only?.single ?? [], folder);
  const { service: name = null } = (await readRunFile(folder)) ?? {};
  const { identify: _ask, ...provider } = service.provider;
  return runBatch({
    folder,
    fingerprint: null,
    sendsRequests: false,
    flags: withDefaults(flags),
    // The folder names the service that made its images; the service itself is not asked.
    service: { ...service, provider: name === null ? provider : { ...provider, identify: () => of(name) } },
    io,
    around: script.around,
    run: ({ only = () => true, ...settings }) => {
      if (unsaved.length > 0) {
        const numbers = unsaved.map((index) => index + 1).join(', ');
        settings.emit?.({ type: 'warning', message: `The folder has no saved image ${numbers} of --only.` });
      }
      return renderSaved({ ...settings, renditions, only: (index) => only(index) && isPicked(index) });
    },
  });
}

/** Returns those of some jobs whose images are not saved. */
async function unsavedOf(indexes: readonly number[], folder: string): Promise<number[]> {
  if (indexes.length === 0) return [];
  const left = new Set(indexes);
  for await (const { index, status } of manifestOutcomes(folder)) if (status === 'saved') left.delete(index);
  return [...left];
}

/** Returns the test for the jobs whose images were picked; without `--picks` these are all. */
async function pickedIn(
  folder: string,
  { picks }: Pick<Flags, 'picks'>,
): Promise<(index: number) => boolean> {
  if (picks === null) return () => true;
  const indexes = new Set((await readPicks(picks, folder)).map(({ index }) => index));
  return (index) => indexes.has(index);
}

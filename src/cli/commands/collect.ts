import type { RunSettings } from '../../pipelines/run/settings.ts';
import { type BatchScriptContext, batchCommand } from '../batch/batchScript.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';
import { flagsIn, withDefaults } from '../flags/flags.ts';

/** Predictions that are followed at a time: they already run, so many cost nothing. */
const FOLLOWED = 100;

const command = createCommand({
  name: 'collect',
  summary: commandTable.collect.help,
  inputs: [{ name: 'RUN_FOLDER', help: '--out folder of that run' }],
  flags: [
    ...flagsIn('money', 'pace', 'images', 'destinations', 'tables', 'output', 'hooks'),
    'input',
    'allow-files',
    'simulate',
    'provider',
    'base-url',
  ],
  defaults: { concurrency: String(FOLLOWED), follow: 'poll' },
  examples: [
    'out/night',
    'out/night --follow webhook --webhook-url https://hooks.example.com --webhook-port 8788',
  ],
});

const GONE =
  'The predictions of an earlier simulation ended with its process: their images are made again, at no cost.';

/** Runs the command for the arguments after its name. */
export const run: RunCommand = batchCommand(command, collectCommand);

/**
 * Collects the predictions of detached runs, as finished images on disk. Resolves with the exit
 * code.
 */
async function collectCommand(script: BatchScriptContext): Promise<number> {
  const {
    inputs: [path = ''],
    flags: given,
    service,
    io,
  } = script;
  const { runBatch } = await import('../batch/runBatch.ts');
  const { runFolderAt } = await import('../batch/runFolder.ts');
  const { runCollect } = await import('../../pipelines/workflows/collect.ts');
  const folder = await runFolderAt(path);
  return runBatch({
    folder,
    fingerprint: null,
    flags: withDefaults({
      ...given,
      follow: given.follow ?? 'poll',
      concurrency: given.concurrency ?? FOLLOWED,
    }),
    service,
    io,
    around: script.around,
    run: (settings) => runCollect(given.simulateSpeed === null ? settings : warnsOfGone(settings)),
  });
}

/** Warns when the run starts, if it has jobs to make again. */
function warnsOfGone(settings: RunSettings): RunSettings {
  const { emit = () => {} } = settings;
  return {
    ...settings,
    emit: (event) => {
      emit(event);
      if (event.type === 'run.started' && event.alreadySaved < event.total)
        emit({ type: 'warning', message: GONE });
    },
  };
}

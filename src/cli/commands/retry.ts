import { runDefaults } from '../../pipelines/run/settings.ts';
import { type BatchScriptContext, batchCommand } from '../batch/batchScript.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';
import { flagsIn, withDefaults } from '../flags/flags.ts';

const command = createCommand({
  name: 'retry',
  summary: commandTable.retry.help,
  inputs: [{ name: 'RUN_FOLDER', help: '--out folder of those runs' }],
  flags: [
    ...flagsIn('money', 'pace', 'images', 'destinations', 'tables', 'output', 'hooks'),
    ...(['only', 'input', 'allow-files', 'breaker', 'simulate', 'chaos', 'provider', 'base-url'] as const),
  ],
  examples: ['out/prompts', 'out/prompts --only 12,40-45'],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = batchCommand(command, retryFailedCommand);

/** Makes the failed jobs of earlier runs, from their folder alone. Resolves with the exit code. */
export async function retryFailedCommand(script: BatchScriptContext): Promise<number> {
  const {
    inputs: [path = ''],
    flags,
    service,
    io,
  } = script;
  const { runBatch } = await import('../batch/runBatch.ts');
  const { runFolderAt } = await import('../batch/runFolder.ts');
  const { runRetry } = await import('../../pipelines/workflows/retryFailed.ts');
  const folder = await runFolderAt(path);
  return runBatch({
    folder,
    fingerprint: null,
    flags: withDefaults(flags, { ratePerMinute: runDefaults.ratePerMinute * service.speed }),
    service,
    io,
    around: script.around,
    nothing: 'No failed jobs: nothing to make again',
    run: runRetry,
  });
}

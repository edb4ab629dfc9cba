// Makes the failed jobs of earlier runs, from their folder alone.
import { resolve } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { runBatchScript } from '../src/cli/batch/batchScript.ts';
import { runBatch } from '../src/cli/batch/runBatch.ts';
import { createCommand } from '../src/cli/flags/command.ts';
import { flagsIn, withDefaults } from '../src/cli/flags/flags.ts';
import { runDefaults } from '../src/pipelines/run/settings.ts';
import { retryFailed } from '../src/pipelines/workflows/retryFailed.ts';

const command = createCommand({
  name: 'retry-failed',
  summary:
    'Makes the failed jobs of earlier runs in a folder, and nothing else. Needs neither prompt file nor spec.',
  version: packageJson.version,
  inputs: [{ name: 'RUN_FOLDER', help: '--out folder of those runs' }],
  flags: [
    ...flagsIn('money', 'pace', 'images', 'destinations', 'tables', 'output'),
    ...(['only', 'input', 'allow-files', 'breaker', 'simulate', 'chaos', 'base-url'] as const),
  ],
  examples: ['retry-failed.ts out/prompts', 'retry-failed.ts out/prompts --only 12,40-45'],
});

await runBatchScript(command, ({ inputs: [folder = ''], flags, service, io }) =>
  runBatch({
    folder: resolve(folder),
    fingerprint: null,
    flags: withDefaults(flags, { ratePerMinute: runDefaults.ratePerMinute * service.speed }),
    service,
    io,
    run: retryFailed,
  }),
);

// Collects the predictions of detached runs, as finished images on disk.
import { resolve } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { runBatchScript } from '../src/cli/batch/batchScript.ts';
import { runBatch } from '../src/cli/batch/runBatch.ts';
import { createCommand } from '../src/cli/flags/command.ts';
import { flagsIn, withDefaults } from '../src/cli/flags/flags.ts';
import { collect } from '../src/pipelines/workflows/collect.ts';

const command = createCommand({
  name: 'collect',
  summary:
    'Collects the predictions that a run with --detach has left to the service. Outputs are deleted after one hour.',
  version: packageJson.version,
  inputs: [{ name: 'RUN_FOLDER', help: '--out folder of that run' }],
  flags: [
    ...flagsIn('money', 'pace', 'destinations', 'tables', 'output'),
    'input',
    'allow-files',
    'simulate',
    'base-url',
  ],
  examples: [
    'generate.ts prompts.txt --detach --out out/night',
    'collect.ts out/night',
    'collect.ts out/night --follow webhook --webhook-url https://hooks.example.com --webhook-port 8788',
  ],
});

const GONE =
  'The predictions of an earlier simulation ended with its process: their images are made again, at no cost.';

await runBatchScript(command, ({ inputs: [folder = ''], flags: given, service, io, warn }) => {
  if (given.simulateSpeed !== null) warn(GONE);
  return runBatch({
    folder: resolve(folder),
    fingerprint: null,
    // Following predictions that already run costs nothing, so many are followed at a time.
    flags: withDefaults({ ...given, follow: given.follow ?? 'poll', concurrency: given.concurrency ?? 100 }),
    service,
    io,
    run: collect,
  });
});

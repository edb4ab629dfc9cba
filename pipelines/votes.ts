// Counts the votes cast in the ab.html of a comparison.
import { resolve } from 'node:path';
import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { voteTable } from '../src/cli/display/tables.ts';
import { runScript } from '../src/cli/script/runScript.ts';
import { UsageError } from '../src/errors.ts';
import { blindPairs, readVotes } from '../src/sinks/comparison/blindVotes.ts';
import { tallyVotes } from '../src/sinks/comparison/votes.ts';
import { manifestOutcomes } from '../src/sinks/manifest/manifest.ts';

await runScript(async (argv, io) => {
  let text = '';
  const command = new Command('npx tsx pipelines/votes.ts')
    .description('Counts the votes cast in the ab.html of a run of compare or styles.')
    .version(packageJson.version)
    .argument('<run-folder>', 'folder of that run')
    .argument('<votes...>', 'files exported by ab.html, one for each person')
    .option('--json', 'print the tally as JSON')
    .configureOutput({
      writeOut: (chunk) => {
        text += chunk;
      },
      writeErr: () => {},
    })
    .exitOverride();
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (text !== '') {
      io.stdout.write(text);
      return 0;
    }
    const message = error instanceof Error ? error.message.replace(/^error: /, '') : String(error);
    throw new UsageError(`Expected RUN_FOLDER and VOTES.json, got: ${message}`, {
      suggestion: 'See --help.',
    });
  }
  const [given = '', ...paths] = command.args;
  const folder = resolve(given);
  const run = await runOf(folder);
  const votes = (await Promise.all(paths.map((path) => readVotes(path, run)))).flatMap((each) => each.votes);
  const tally = tallyVotes(votes);
  io.stdout.write(
    command.opts<{ json?: boolean }>().json === true
      ? `${JSON.stringify({ run, votes: votes.length, tally }, null, 2)}\n`
      : voteTable(tally, votes.length, paths.length),
  );
  return 0;
});

/** Returns the run id of a comparison by variant or by model. */
async function runOf(folder: string): Promise<string> {
  for (const columns of ['variant', 'model']) {
    const { run, pairs } = await blindPairs(manifestOutcomes(folder), '', { rows: 'prompt', columns });
    if (pairs.length > 0) return run;
  }
  throw new UsageError(`Expected the folder of a run of compare or styles, got ${folder}`, {
    suggestion: 'Give the folder that contains ab.html.',
  });
}

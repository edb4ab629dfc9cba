import { resolve } from 'node:path';
import { UsageError } from '../../../errors.ts';
import { blindPairs, readVotes } from '../../../sinks/comparison/blindVotes.ts';
import { distinctBallots, tallyVotes } from '../../../sinks/comparison/votes.ts';
import { manifestOutcomes } from '../../../sinks/manifest/manifest.ts';
import { voteTable } from '../../display/tables.ts';
import type { ScriptIo } from '../../display/terminal.ts';
import type { RunCommand } from '../../flags/commandTable.ts';
import { plainCommand } from '../../flags/plainCommand.ts';

/** Runs the command for the arguments after its name. */
export const run: RunCommand = plainCommand<{ readonly json?: boolean }>({
  name: 'votes',
  describe: (command) =>
    command
      .argument('<FOLDER>', '--out folder of that run')
      .argument('<FILE...>', 'files exported by ab.html, one for each person')
      .option('--json', 'print the tally as JSON'),
  examples: ['out/model-shootout votes-*.json', 'out/cover-styles ada.json ben.json --json'],
  run: ([folder = '', ...files], { json = false }, io) => countVotes(folder, files, json, io),
});

async function countVotes(
  path: string,
  files: readonly string[],
  json: boolean,
  { stdout }: Pick<ScriptIo, 'stdout'>,
): Promise<number> {
  const comparison = await runOf(resolve(path));
  const people = distinctBallots(await Promise.all(files.map((file) => readVotes(file, comparison))));
  const votes = people.flatMap((each) => each.votes);
  const tally = tallyVotes(votes);
  stdout.write(
    json
      ? `${JSON.stringify({ run: comparison, people: people.length, votes: votes.length, tally }, null, 2)}\n`
      : voteTable(tally, votes.length, people.length),
  );
  return 0;
}

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

import { resolve } from 'node:path';
import { Command } from 'commander';
import { packageVersion } from '../../../disk/storageError.ts';
import { UsageError } from '../../../errors.ts';
import { blindPairs, readVotes } from '../../../sinks/comparison/blindVotes.ts';
import { distinctBallots, tallyVotes } from '../../../sinks/comparison/votes.ts';
import { manifestOutcomes } from '../../../sinks/manifest/manifest.ts';
import { commandLine } from '../../display/commandLine.ts';
import { voteTable } from '../../display/tables.ts';
import type { ScriptIo } from '../../display/terminal.ts';
import { commonOptions, declaredOptions } from '../../flags/commandOption.ts';
import { commandTable, type RunCommand } from '../../flags/commandTable.ts';
import { runScript } from '../../script/runScript.ts';

/** Runs the command for the arguments after its name. */
export const run: RunCommand = Object.assign(
  (argv: readonly string[]) => runScript((_argv, io) => countVotes(argv, io)),
  { options: () => [...declaredOptions(describeCommand()), ...commonOptions] },
);

function describeCommand(): Command {
  return new Command(commandLine('votes'))
    .description(commandTable.votes.help)
    .version(packageVersion())
    .argument('<run-folder>', 'folder of that run')
    .argument('<votes...>', 'files exported by ab.html, one for each person')
    .option('--json', 'print the tally as JSON');
}

async function countVotes(argv: readonly string[], io: ScriptIo): Promise<number> {
  let text = '';
  const command = describeCommand()
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
  const comparison = await runOf(folder);
  const people = distinctBallots(await Promise.all(paths.map((path) => readVotes(path, comparison))));
  const votes = people.flatMap((each) => each.votes);
  const tally = tallyVotes(votes);
  io.stdout.write(
    command.opts<{ json?: boolean }>().json === true
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

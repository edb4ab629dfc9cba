import { UsageError } from '../../errors.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import type { CompletedCommand } from '../completion/model.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { commandTable, isCommand, type RunCommand } from '../flags/commandTable.ts';
import { plainCommand } from '../flags/plainCommand.ts';
import { loaders } from './loaders.ts';

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** Scripts go into folders that a fresh home does not have. */
const FOLDERS = `
Before the first time, create the folder of the script:
  mkdir -p ~/.local/share/bash-completion/completions
  mkdir -p ~/.zfunc
  mkdir -p ~/.config/fish/completions`;

/** Runs the command for the arguments after its name. */
export const run: RunCommand = plainCommand({
  name: 'completion',
  describe: (command) =>
    command.argument('<SHELL>', `one of ${Object.keys(shells).join(', ')}`).addHelpText('after', FOLDERS),
  words: Object.keys(shells),
  examples: [
    'bash > ~/.local/share/bash-completion/completions/rxposure',
    'zsh > ~/.zfunc/_rxposure',
    'fish > ~/.config/fish/completions/rxposure.fish',
  ],
  run: async ([shell = ''], _options, { stdout }) => {
    stdout.write(await completionOf(shell));
    return 0;
  },
});

/** Returns the completion for a shell. Rejects with `UsageError` if it is none of the three. */
export async function completionOf(shell: string): Promise<string> {
  if (!Object.hasOwn(shells, shell)) {
    throw new UsageError(`Expected a shell, one of ${Object.keys(shells).join(', ')}, got \`${shell}\``);
  }
  return shells[shell as keyof typeof shells](await allCommands());
}

/** Loads every command, for the flags that it has. */
function allCommands(): Promise<CompletedCommand[]> {
  const names = Object.keys(commandTable).filter(isCommand);
  return Promise.all(
    names.map(async (name) => {
      const command = name === 'completion' ? run : (await loaders[name]()).run;
      const { words = [] } = command;
      const options = [...new Map(command.options().map((option) => [option.name, option])).values()];
      return { name, line: commandTable[name].line, words, options };
    }),
  );
}

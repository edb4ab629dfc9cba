import type { CommandOption } from '../flags/commandOption.ts';
import { type CompletedCommand, kindOf, takesNext } from './model.ts';

/** Returns the completion of fish: a file `rxposure.fish` of its folder of completions. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const first = `not __fish_seen_subcommand_from ${names} help`;
  return `# Completion of rxposure for fish.
complete -c rxposure -n ${quoted(first)} -f
${commands.map(({ name, line }) => `complete -c rxposure -n ${quoted(first)} -f -a ${name} -d ${quoted(line)}`).join('\n')}
complete -c rxposure -n ${quoted(`__fish_seen_subcommand_from help`)} -f -a ${quoted(names)}
${commands.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ name, words, options }: CompletedCommand): string[] {
  const start = `complete -c rxposure -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
  const input = words.length === 0 ? [] : [`${start} -f -a ${quoted(words.join(' '))}`];
  return [...input, ...options.map((option) => `${start} ${optionOf(option)}`)];
}

function optionOf(option: CommandOption): string {
  const long = `-l ${option.name.replace(/^--/, '')} -d ${quoted(option.help)}`;
  const kind = kindOf(option);
  const words = kind === 'words' ? ` -a ${quoted(option.words.join(' '))}` : '';
  if (!takesNext(option)) return option.argument === null ? long : `${long} -f${words}`;
  if (kind === 'folders') return `${long} -x -a '(__fish_complete_directories)'`;
  return kind === 'files' ? `${long} -r` : `${long} -x${words}`;
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, (sign) => `\\${sign}`)}'`;
}

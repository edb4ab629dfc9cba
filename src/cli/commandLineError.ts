import { CommanderError } from 'commander';
import { UsageError } from '../errors.ts';

/** Turns what the command-line parser throws into a `UsageError` in our words; passes anything else through. */
export function commandLineError(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  const { code, message } = error;
  if (code === 'commander.unknownOption') {
    const [, flag = ''] = /unknown option '([^']*)'/.exec(message) ?? [];
    const [, meant] = /Did you mean (.+)\?\)/.exec(message) ?? [];
    return new UsageError(`Expected a known flag, got \`${flag}\``, {
      suggestion: meant === undefined ? 'See --help for the flags.' : `Did you mean ${meant}?`,
    });
  }
  const [, flag, argument] = /option '(--[\w-]+) <(.+)>'/.exec(message) ?? [];
  if (code === 'commander.optionMissingArgument' && flag !== undefined) {
    return new UsageError(`Expected \`${flag}\` to be followed by ${argument}, got nothing`);
  }
  return new UsageError(message.replace(/^error: /, ''));
}

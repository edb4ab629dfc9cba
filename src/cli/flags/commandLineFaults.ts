import { existsSync } from 'node:fs';
import { CommanderError } from 'commander';
import { UsageError } from '../../errors.ts';
import { quoted } from '../display/text.ts';
import type { FlagName } from './flags.ts';
import { flagTable } from './flagTable.ts';

/** A positional argument of a script. */
export interface InputDefinition {
  /** In capitals: `INPUT`. */
  readonly name: string;
  readonly help: string;
  /** Default true. */
  readonly isRequired?: boolean;
  /** A flag that may stand in its place. Default: none. */
  readonly unless?: FlagName;
}

const optionalValues = new Map(
  flagTable.flatMap(({ name, alone }) => (alone === undefined ? [] : [[`--${name}`, `--${name}=${alone}`]])),
);

/**
 * Adds a value to flags that stand alone, such as `--simulate` and `--watch`. They take a value
 * only after `=`: the parser would read the next word as an optional value, and that word is often
 * the input file.
 */
export function withOptionalValues(argv: readonly string[]): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return argv.map((word, index) =>
    index < end ? (optionalValues.get(word.replace(/=$/, '')) ?? word) : word,
  );
}

/**
 * Throws `UsageError` if the value of such a flag follows it as a word of its own: `--simulate 5`.
 * It was read as an input, of which there is one too many, or which is no file.
 */
export function checkSeparateValues(
  inputs: readonly unknown[],
  given: readonly string[],
  argv: readonly string[],
): void {
  const isSurplus = given.length > inputs.length;
  for (const [index, flag] of argv.entries()) {
    const value = argv[index + 1] ?? '';
    const isValue = optionalValues.has(flag) && /^\d+(?:\.\d+)?$/.test(value) && given.includes(value);
    if (!isValue || (!isSurplus && existsSync(value))) continue;
    throw new UsageError(`Expected \`${flag}=${value}\`, got \`${flag} ${value}\``, {
      suggestion: `The value of \`${flag}\` follows an equals sign: write \`${flag}=${value}\`.`,
    });
  }
}

/** Throws `UsageError` if an input is missing, or if there is one too many. */
export function checkInputs(
  inputs: readonly InputDefinition[],
  given: readonly string[],
  flags: ReadonlySet<string>,
): void {
  const missing = inputs.find(({ isRequired = true, unless = '' }, index) => {
    return isRequired && !flags.has(unless) && (given[index] ?? '') === '';
  });
  if (missing !== undefined) {
    throw new UsageError(`Expected ${missing.name} (${missing.help}), got nothing`, {
      suggestion: 'See --help for examples.',
    });
  }
  if (given.length <= inputs.length) return;
  // An address may have a password.
  const words = given.map((word) => quoted(word.replace(/^postgres.*/, 'postgres://…'))).join(', ');
  const names = inputs.map(({ name }) => name).join(' ') || 'no input';
  const count = inputs.length === 0 ? '' : `${given.length} inputs: `;
  const ofPaths =
    inputs.length === 0 ? 'This command takes no file: see --help.' : 'Put quotes around a path with spaces.';
  throw new UsageError(`Expected ${names}, got ${count}${words}`, {
    suggestion: words.includes('://') ? 'Write --queue=postgres://…' : ofPaths,
  });
}

/** A flag with one dash is the one with two, if there is one. */
function suggestionFor(flag: string, meant: string | undefined): string {
  const [name = ''] = flag.replace(/^-+/, '').split('=');
  if (/^-\w{2}/.test(flag) && flagTable.some((each) => each.name === name))
    return `Flags begin with two dashes: write \`-${flag}\`.`;
  return meant === undefined ? 'See --help for the flags.' : `Did you mean ${meant}?`;
}

/** Turns a parser error into a `UsageError`; returns other errors unchanged. */
export function commandLineError(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  const { code, message } = error;
  if (code === 'commander.unknownOption') {
    const [, flag = ''] = /unknown option '([^']*)'/.exec(message) ?? [];
    const [, meant] = /Did you mean (.+)\?\)/.exec(message) ?? [];
    return new UsageError(`Expected a known flag, got \`${flag}\``, {
      suggestion: suggestionFor(flag, meant),
    });
  }
  const [, flag, argument] = /option '(--[\w-]+) <(.+)>'/.exec(message) ?? [];
  if (code === 'commander.optionMissingArgument' && flag !== undefined) {
    return new UsageError(`Expected \`${flag}\` to be followed by ${argument}, got nothing`);
  }
  return new UsageError(message.replace(/^error: /, ''));
}

import type { CommandOption } from '../flags/commandOption.ts';

/** A command, as a shell completes it. */
export interface CompletedCommand {
  readonly name: string;
  /** A line about it. */
  readonly line: string;
  /** Words that its input may be. Empty: files. */
  readonly words: readonly string[];
  readonly options: readonly CommandOption[];
}

/** The value that follows a flag. */
export type ValueKind = 'words' | 'files' | 'folders' | 'text';

const folders = /^(?:DIR|dir|folder)$/;
const files = /^(?:FILE|file)$/;

/** Returns how the value of a flag is completed. */
export function kindOf({ argument, words }: CommandOption): ValueKind {
  if (words.length > 0) return 'words';
  if (argument !== null && folders.test(argument)) return 'folders';
  return argument !== null && files.test(argument) ? 'files' : 'text';
}

/** Returns true for a flag whose value is the next word, and not behind an equals sign. */
export function takesNext({ argument, isOptional }: CommandOption): boolean {
  return argument !== null && !isOptional;
}

/** Returns a text in single quotes, for a shell. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

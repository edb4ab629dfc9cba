import type { Command, Option } from 'commander';
import type { FlagDefinition } from './defineFlag.ts';

/** A flag of a command, as a shell completes it. */
export interface CommandOption {
  /** With its dashes: `--strategy`. */
  readonly name: string;
  readonly help: string;
  /** The name of its value; null for a switch. */
  readonly argument: string | null;
  /** True if the value may be left out; else it follows an equals sign. */
  readonly isOptional: boolean;
  /** Texts that the value may be. */
  readonly words: readonly string[];
}

/** Returns a flag of the table as shells complete it. */
export function tableOption({ name, help, argument, alone, choices }: FlagDefinition): CommandOption {
  const isOptional = alone !== undefined;
  const words = choices?.words ?? [];
  return { name: `--${name}`, help, argument: argument?.replace(/^=/, '') ?? null, isOptional, words };
}

/** Returns the flags that a command of its own declares. */
export function declaredOptions(command: Command): CommandOption[] {
  return command.options.filter(({ hidden }) => !hidden).map(declaredOption);
}

function declaredOption({ long, flags, description, argChoices, optional }: Option): CommandOption {
  const [, argument = null] = /[<[](.+?)[>\]]$/.exec(flags) ?? [];
  return { name: long ?? flags, help: description, argument, isOptional: optional, words: argChoices ?? [] };
}

/** The flags that every command has. */
export const commonOptions: readonly CommandOption[] = [
  { name: '--help', help: 'print this help', argument: null, isOptional: false, words: [] },
  { name: '--version', help: 'print the version', argument: null, isOptional: false, words: [] },
];

import type { FlagName } from './FlagName.ts';

/** One thing that a script takes before its flags. */
export interface InputDefinition {
  /** In capitals: `INPUT`. */
  readonly name: string;
  readonly help: string;
  /** Default true. */
  readonly isRequired?: boolean;
}

/** What a script's command line is made from. */
export interface CreateCommandConfig {
  /** The script's file name without extension: `generate`. */
  name: string;
  /** What it does, in a sentence or two. */
  summary: string;
  /** Shown by `--version`. */
  version: string;
  inputs: readonly InputDefinition[];
  /** Flags it serves. Default: all that are served at all. */
  flags?: readonly FlagName[];
  /** Whether `--model` may be repeated, as in scripts that compare models. Default false. */
  comparesModels?: boolean;
  /** Command lines for the help, without `npx tsx pipelines/`: `generate.ts prompts.txt --simulate`. */
  examples?: readonly string[];
  /** Width of the help. Default 80. */
  columns?: number;
}

import type { Flags } from './Flags.ts';

/** One flag of the contract, as data. */
export interface FlagDefinition<Name extends string = string> {
  /** Without the dashes. */
  readonly name: Name;
  /** What follows the flag, in capitals; null for a switch. */
  readonly argument: string | null;
  readonly help: string;
  /** As the help shows it. */
  readonly default: string | null;
  /** Heading in the help. */
  readonly group: string;
  /** What the flag says, to be laid over `flags`. Throws `UsageError` where the text is no possible value. */
  readonly read: (text: string, flags: Flags) => Partial<Flags>;
}

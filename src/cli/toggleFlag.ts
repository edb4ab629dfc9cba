import type { FlagDefinition } from './FlagDefinition.ts';
import type { Flags } from './Flags.ts';

/** A switch: it is on where it stands on the command line. */
export function toggleFlag<Name extends string>(
  name: Name,
  put: Partial<Flags>,
  help: string,
  group: string,
): FlagDefinition<Name> {
  return { name, argument: null, help, group, default: null, read: () => put };
}

import type { FlagDefinition } from './FlagDefinition.ts';
import { notServedYet } from './notServedYet.ts';

/** A flag that the contract has and nothing serves yet: the help leaves it out, and using it throws a `UsageError`. */
export function plannedFlag<Name extends string>(name: Name, argument: string | null): FlagDefinition<Name> {
  const read = (): never => {
    throw notServedYet(`--${name}`);
  };
  return { name, argument, help: '', group: '', default: null, read, isServed: false };
}

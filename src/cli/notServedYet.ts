import { UsageError } from '../errors.ts';

/** The error for what the contract has and nothing serves yet. */
export function notServedYet(what: string): UsageError {
  return new UsageError(`\`${what}\` is not served yet`, { suggestion: 'Leave it out.' });
}

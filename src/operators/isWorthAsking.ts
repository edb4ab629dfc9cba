import { ProviderError } from '../errors.ts';

/** A fresh prediction may be unknown to some of the service's machines for some seconds. */
const TRIES_AT_404 = 5;

/** Whether a question about a prediction that is known to exist may be answered when it is asked again. */
export function isWorthAsking(error: unknown, attempt: number): boolean {
  if (!(error instanceof ProviderError)) return false;
  return error.recoverable || (error.status === 404 && attempt <= TRIES_AT_404);
}

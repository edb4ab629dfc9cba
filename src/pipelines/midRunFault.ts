import { InvalidRowsError, StorageError, UsageError } from '../errors.ts';

/**
 * What stopped a run that had begun. Input, spec and folder were right then, so a `UsageError` now means that somebody
 * changed them meanwhile, and must not say that nothing was created.
 */
export function midRunFault(error: unknown): unknown {
  if (!(error instanceof UsageError || error instanceof InvalidRowsError)) return error;
  return new StorageError('ERR_CHANGED_MEANWHILE', `The run had begun when this was met: ${error.message}`, {
    recoverable: true,
    suggestion: `${error.suggestion} Then run the same command again.`.trimStart(),
    cause: error,
  });
}

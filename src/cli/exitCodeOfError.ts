import { InvalidRowsError, ProviderError, UsageError } from '../errors.ts';
import { exitCodes } from './exitCodes.ts';

/** The exit code for a script that an error ended. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof UsageError || error instanceof InvalidRowsError) return exitCodes.usage.code;
  if (error instanceof ProviderError && error.stopsRun) return exitCodes.stoppedByService.code;
  return exitCodes.incomplete.code;
}

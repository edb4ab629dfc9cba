import { UsageError } from '../errors.ts';

/** Gives what `read` gives, and puts the spec's name before what it refuses. */
export async function inSpec<T>(specPath: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${specPath}: ${error.message}`, { suggestion: error.suggestion, cause: error });
  }
}

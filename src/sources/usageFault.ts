import { UsageError } from '../errors.ts';

/** What a check refuses, to be told with others; null where it refuses nothing. All but `UsageError` is thrown on. */
export function usageFault(check: () => void): UsageError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

import { RxposureError } from '../errors.ts';
import type { OutcomeError } from '../types.ts';

/** An error as the manifest and the events have it. */
export function outcomeError(error: unknown): OutcomeError {
  if (error instanceof RxposureError) {
    const { name, code, message, recoverable, suggestion } = error;
    return { name, code, message, recoverable, suggestion };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    name: 'Error',
    code: 'ERR_INTERNAL',
    message,
    recoverable: false,
    suggestion: 'Please report this.',
  };
}

import { RxposureError } from '../../errors.ts';
import type { OutcomeError } from '../../types.ts';
import { messageOf } from '../text.ts';

/** Returns an error as manifest and events have it. */
export function outcomeError(error: unknown): OutcomeError {
  if (error instanceof RxposureError) {
    const { name, code, message, recoverable, suggestion } = error;
    return { name, code, message, recoverable, suggestion };
  }
  return {
    name: 'Error',
    code: 'ERR_INTERNAL',
    message: messageOf(error),
    recoverable: false,
    suggestion: 'Please report this.',
  };
}

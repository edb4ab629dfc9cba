import { InvalidRowsError, type RowProblem, RxposureError } from '../errors.ts';
import type { OutcomeError } from '../types.ts';

/** The last line under `--json` where an error ended the script. */
export interface ErrorEvent {
  readonly type: 'error';
  /** Wrong rows of the input come along, up to a cap. */
  readonly error: OutcomeError & { readonly problems?: readonly RowProblem[] };
}

/** An error as an event; one that is not ours gets the code `ERR_UNEXPECTED`. */
export function errorEvent(error: unknown): ErrorEvent {
  if (!(error instanceof RxposureError)) {
    const name = error instanceof Error ? error.name : 'Error';
    const message = error instanceof Error ? error.message : String(error);
    return {
      type: 'error',
      error: { name, code: 'ERR_UNEXPECTED', message, recoverable: false, suggestion: '' },
    };
  }
  const { name, code, message, recoverable, suggestion } = error;
  const rows = error instanceof InvalidRowsError ? { problems: error.problems } : {};
  return { type: 'error', error: { name, code, message, recoverable, suggestion, ...rows } };
}

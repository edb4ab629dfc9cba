import { EmptyError } from 'rxjs';
import { DeliveryError, RxposureError, StorageError } from '../../errors.ts';
import type { MissingOutput, Outcome, OutcomeError } from '../../types.ts';
import { messageOf, shown } from '../text.ts';
import type { MissingFile, RefusedOriginal } from './item.ts';

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

/** Returns a missing output as journal and manifest have it. */
export function missingOutput({ output, error }: MissingFile): MissingOutput {
  const described = { output, error: outcomeError(error) };
  return error.kept === null
    ? described
    : { ...described, kept: { ...error.kept, widthPx: null, heightPx: null } };
}

/** The outputs of a job, some of which cannot be used. */
interface IncompleteOutputs {
  readonly missing: readonly MissingOutput[];
  readonly refused: readonly RefusedOriginal[];
  /** Number of the others. */
  readonly usable: number;
  /** Advice if missing outputs can still be had. */
  readonly suggestion: string;
}

/** Returns the error of a job of which only some outputs can be used; null if all can. */
export function incompleteError({
  missing,
  refused,
  usable,
  suggestion,
}: IncompleteOutputs): OutcomeError | null {
  const faults = [
    ...missing.map(({ output, error }) => ({ ...error, output })),
    ...refused.map(({ original, error }) => ({ ...outcomeError(error), output: original.output ?? 0 })),
  ];
  const [first] = faults;
  if (first === undefined) return null;
  const each = faults.map(({ output, code, message }) => `output ${output + 1} (${code}): ${message}`);
  const recoverable = faults.some((fault) => fault.recoverable);
  return {
    name: 'DownloadError',
    code: 'ERR_INCOMPLETE',
    message: `Expected ${usable + faults.length} outputs, got ${usable}. Missing: ${each.join('; ')}`,
    recoverable,
    suggestion: recoverable ? suggestion : first.suggestion,
    stage: missing.length > 0 ? 'download' : 'rendering',
  };
}

/**
 * Returns the error of a delivery that failed: a `DeliveryError`, for anything that the destination
 * has thrown, or the `StorageError` of a disk that refuses.
 */
export function asDeliveryError(
  error: unknown,
  destination: string,
  { index }: Pick<Outcome, 'index'>,
): DeliveryError | StorageError {
  if (error instanceof DeliveryError || error instanceof StorageError) return error;
  const reason = error instanceof EmptyError ? 'it emitted nothing' : messageOf(error);
  return new DeliveryError(`${destination} did not take image #${index + 1}: ${reason}`, {
    destination,
    suggestion: 'The image is on disk. Check the destination and deliver it again.',
    cause: error,
  });
}

/** Returns the addresses that a delivery has emitted. Throws unless there is one for each file. */
export function expectAddresses(addresses: unknown, { files }: Pick<Outcome, 'files'>): readonly string[] {
  const count = Math.max(1, files.length);
  const isList = Array.isArray(addresses) && addresses.every((one) => typeof one === 'string' && one !== '');
  if (isList && addresses.length === count) return addresses;
  const expected = count === 1 ? 'one address in a list' : `a list of ${count} addresses, one for each file`;
  throw new Error(`it emitted ${shown(addresses)}, expected ${expected}`);
}

/** Returns an outcome as failed because of a delivery. Its cost is paid; its files stay. */
export function failedDelivery(error: DeliveryError, outcome: Outcome): Outcome {
  return { ...outcome, status: 'failed', error: { ...outcomeError(error), stage: 'delivery' } };
}

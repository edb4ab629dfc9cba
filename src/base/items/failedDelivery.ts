import { EmptyError } from 'rxjs';
import { DeliveryError, StorageError } from '../../errors.ts';
import type { Outcome } from '../../types.ts';
import { messageOf } from '../text.ts';
import { outcomeError } from './outcomeError.ts';

/**
 * Returns the error of a delivery that failed: a `DeliveryError`, whatever the destination has
 * thrown, or the `StorageError` of a disk that refuses.
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

/** Returns an outcome as failed because of a delivery. What it has cost is paid; its files stay. */
export function failedDelivery(error: DeliveryError, outcome: Outcome): Outcome {
  return { ...outcome, status: 'failed', error: { ...outcomeError(error), stage: 'delivery' } };
}

import { ProviderError } from '../errors.ts';

/** Returns the error of a create request whose response was lost: it may have taken effect. */
export function lostResponse(): ProviderError {
  return new ProviderError('ERR_CONNECTION_LOST', 'The fake service lost the response', {
    recoverable: true,
    tookEffect: 'unknown',
  });
}

/** Returns the error of a request that came too fast, with the wait that the service names. */
export function throttled(retryAfterMs?: number): ProviderError {
  return new ProviderError('ERR_THROTTLED', 'The fake service refused the request with 429', {
    status: 429,
    recoverable: true,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Returns the error of a request for a prediction that was never made. */
export function notFound(id: string): ProviderError {
  return new ProviderError('ERR_NOT_FOUND', `The fake service has no prediction ${id}`, { status: 404 });
}

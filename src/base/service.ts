import { ProviderError } from '../errors.ts';
import type { Prediction } from '../types.ts';

/** The name of Replicate's own API, as run folders and outcomes store it. */
export const replicateService = 'replicate';

/** The name of rxposure's simulator, built in or stand-alone. */
export const simulatorService = 'simulator';

/** The header by which the stand-alone simulator identifies itself in each response. */
export const simulatorHeader = 'x-rxposure-simulator';

/** The value of that header if the list of predictions lacks none at any time; else any other. */
export const LIST_IS_CURRENT = 'list-is-current';

const COG = 'cog ';

/** Returns the name of the Cog container at an address. */
export function cogService(baseUrl: string): string {
  return `${COG}${baseUrl}`;
}

/** Returns true if the service runs no model: its images are drawings. */
export function isSimulated(service: string | null | undefined): boolean {
  return service === simulatorService;
}

/** Returns true if a Cog container made the image: no other service knows its prediction. */
export function isFromContainer(service: string | null | undefined): boolean {
  return service?.startsWith(COG) ?? false;
}

/**
 * Returns the name of the API at a base URL: its origin. Names of this machine count as one and
 * without their port, so that a local server is the same service after it was started again.
 */
export function serviceAt(baseUrl: string): string {
  const { protocol, hostname, origin } = new URL(baseUrl);
  return isLoopback(hostname) ? `${protocol}//localhost` : origin;
}

/** Returns true for the host names of this machine, as a `URL` has them. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}

/** Describes a service in a sentence: `the rxposure simulator`, `the API at https://…`. */
export function describeService(service: string): string {
  if (service === replicateService) return 'Replicate';
  if (isSimulated(service)) return 'the rxposure simulator';
  if (isFromContainer(service)) return `the Cog container at ${service.slice(COG.length)}`;
  return `the API at ${service}`;
}

/**
 * Returns true if the service itself reports that something does not exist. The 404 of a gateway on
 * the way, which is recoverable, proves nothing.
 */
export function isNotFound(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.status === 404 && !error.recoverable;
}

/**
 * Returns true if the service itself reports that something is unknown, or not for this account.
 */
export function isWithheld(error: unknown): error is ProviderError {
  return isNotFound(error) || (error instanceof ProviderError && error.status === 403 && !error.recoverable);
}

/**
 * Returns true if a prediction no longer runs: its status is final. One whose status is unknown may
 * still run.
 */
export function hasEnded({ status }: Prediction): boolean {
  return status !== 'starting' && status !== 'processing' && status !== 'unknown';
}

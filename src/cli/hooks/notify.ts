/** Tries after the first one. */
const RETRIES = 3;
/** Time for one request, and for all of them. */
const REQUEST_MS = 10_000;
const ALL_MS = 60_000;

/**
 * Posts JSON to an address, with up to three retries after a failed connection, a 429 or a 5xx.
 * Resolves with null if it was taken, else with the reason, without the address: that may be a
 * secret. Never rejects.
 */
export async function notify(url: string, content: object, delayMs?: number): Promise<string | null> {
  const { default: got, HTTPError, RequestError } = await import('got');
  try {
    await got.post(url, {
      json: content,
      timeout: { request: REQUEST_MS },
      followRedirect: false,
      retry: {
        limit: RETRIES,
        methods: ['POST'],
        statusCodes: [408, 429, 500, 502, 503, 504],
        maxRetryAfter: REQUEST_MS,
        ...(delayMs === undefined
          ? {}
          : { calculateDelay: ({ computedValue }) => (computedValue === 0 ? 0 : delayMs) }),
      },
      signal: AbortSignal.timeout(ALL_MS),
    });
    return null;
  } catch (error) {
    if (error instanceof HTTPError) return `it responded with ${error.response.statusCode}`;
    return error instanceof RequestError ? error.code : 'it took too long';
  }
}

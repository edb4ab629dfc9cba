/** The meaning of a status outside 2xx. */
export interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly meaning: string;
  /** True if the same request may succeed later. */
  readonly recoverable: boolean;
  /** True if it concerns every job of a run. */
  readonly stopsRun: boolean;
  /**
   * The responses with this status that prove that a create request made nothing: `all`, only those
   * with the `service`'s own JSON (a gateway may give up a request that arrived), or `none`.
   */
  readonly refusals: 'all' | 'service' | 'none';
  /** A run's reaction, for people. */
  readonly reaction: string;
  /** The advice to the user, as a sentence. */
  readonly suggestion: string;
}

/**
 * The statuses outside 2xx that have a meaning of their own. The last row holds for every status of
 * 500 or above. After every other status, a redirect for example, the outcome of a create request
 * is unknown. Sources: Replicate's HTTP reference and its documented rate limits.
 */
export const errorAnswers: readonly ErrorAnswer[] = [
  {
    status: 400,
    code: 'ERR_REFUSED',
    meaning: 'the service cannot read the request',
    recoverable: false,
    stopsRun: false,
    refusals: 'service',
    reaction: 'fails the job; nothing was made',
    suggestion: 'Check the base URL.',
  },
  {
    status: 401,
    code: 'ERR_UNAUTHENTICATED',
    meaning: 'the API token is missing or wrong',
    recoverable: false,
    stopsRun: true,
    refusals: 'service',
    reaction: 'finishes and saves jobs in flight, then ends',
    suggestion: 'Check REPLICATE_API_TOKEN: tokens are at https://replicate.com/account/api-tokens.',
  },
  {
    status: 402,
    code: 'ERR_NO_CREDIT',
    meaning: 'the account has no credit left',
    recoverable: false,
    stopsRun: true,
    refusals: 'service',
    reaction: 'finishes and saves jobs in flight, then ends',
    suggestion:
      'Buy credit at https://replicate.com/account/billing, wait a few minutes, and run the same command again.',
  },
  {
    status: 403,
    code: 'ERR_FORBIDDEN',
    meaning: 'this token may not use that model or file',
    recoverable: false,
    stopsRun: false,
    refusals: 'service',
    reaction: 'fails the job; nothing was made',
    suggestion: 'Check that the model is public or belongs to the account of the token.',
  },
  {
    status: 404,
    code: 'ERR_NOT_FOUND',
    meaning: 'there is no such model, version, deployment or prediction',
    recoverable: false,
    stopsRun: false,
    refusals: 'service',
    reaction:
      'tries the version of a model that has no route by name; retries reads of a new prediction; else fails the job',
    suggestion: 'Check that it still exists, and that the account of the token may use it.',
  },
  {
    status: 413,
    code: 'ERR_TOO_LARGE',
    meaning: 'the request is too large',
    recoverable: false,
    stopsRun: false,
    refusals: 'service',
    reaction: 'fails the job; nothing was made',
    suggestion: 'Give large files as URLs instead of as data.',
  },
  {
    status: 422,
    code: 'ERR_INVALID_INPUT',
    meaning: 'the model does not take this input',
    recoverable: false,
    stopsRun: false,
    refusals: 'service',
    reaction: 'fails the job; nothing was made; forgets the stored schema of the model',
    suggestion: "Correct the input: the model's page at replicate.com lists its inputs.",
  },
  {
    status: 429,
    code: 'ERR_THROTTLED',
    meaning: 'requests come faster than the account may send them',
    recoverable: true,
    stopsRun: false,
    refusals: 'all',
    reaction: 'waits as long as the service asks, slows down, sends the request again; costs no attempt',
    suggestion: 'Nothing to do: the run slows down by itself.',
  },
  {
    status: 500,
    code: 'ERR_SERVICE',
    meaning: 'the service has a fault of its own',
    recoverable: true,
    stopsRun: false,
    refusals: 'none',
    reaction:
      'retries; looks up a create request in the list of predictions first, and never just repeats it',
    suggestion: 'Run the same command again later.',
  },
];

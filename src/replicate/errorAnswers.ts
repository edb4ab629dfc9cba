/** What an answer of the service outside 2xx means. */
export interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly meaning: string;
  /** Whether the same request may succeed later. */
  readonly recoverable: boolean;
  /** Whether it concerns every job of a run. */
  readonly stopsRun: boolean;
  /** What a run does about it. */
  readonly reaction: string;
  /** What the user can do about it. */
  readonly suggestion: string;
}

/** By status; everything from 500 on has the last row. Facts: Replicate's HTTP reference and its documented rate limits. */
export const errorAnswers: readonly ErrorAnswer[] = [
  {
    status: 401,
    code: 'ERR_UNAUTHENTICATED',
    meaning: 'the API token is missing or wrong',
    recoverable: false,
    stopsRun: true,
    reaction: 'ends; what is under way is finished and kept',
    suggestion: 'Check REPLICATE_API_TOKEN: tokens are at https://replicate.com/account/api-tokens.',
  },
  {
    status: 402,
    code: 'ERR_NO_CREDIT',
    meaning: 'the account has no credit left',
    recoverable: false,
    stopsRun: true,
    reaction: 'ends; what is under way is finished and kept',
    suggestion:
      'Buy credit at https://replicate.com/account/billing, wait a few minutes, and run the same command again.',
  },
  {
    status: 403,
    code: 'ERR_FORBIDDEN',
    meaning: 'this token may not use that model or file',
    recoverable: false,
    stopsRun: false,
    reaction: 'fails the job; nothing was made',
    suggestion: 'Check that the model is public or belongs to the account of the token.',
  },
  {
    status: 404,
    code: 'ERR_NOT_FOUND',
    meaning: 'there is no such model, version or prediction',
    recoverable: false,
    stopsRun: false,
    reaction:
      'tries a model without a route by name by its version; asks again for a prediction just made; else fails the job',
    suggestion: 'Check the spelling of the model: owner/name, or owner/name:version.',
  },
  {
    status: 413,
    code: 'ERR_TOO_LARGE',
    meaning: 'the request is too large',
    recoverable: false,
    stopsRun: false,
    reaction: 'fails the job; nothing was made',
    suggestion: 'Give large files as URLs instead of as data.',
  },
  {
    status: 422,
    code: 'ERR_INVALID_INPUT',
    meaning: 'the model does not take this input',
    recoverable: false,
    stopsRun: false,
    reaction: 'fails the job; nothing was made; forgets what it remembered of the model',
    suggestion: "Correct the input: the model's page at replicate.com lists what it takes.",
  },
  {
    status: 429,
    code: 'ERR_THROTTLED',
    meaning: 'requests come faster than the account may send them',
    recoverable: true,
    stopsRun: false,
    reaction: 'waits as long as the service asks, slows down, sends it again; costs no attempt',
    suggestion: 'Nothing to do: the run slows down by itself.',
  },
  {
    status: 500,
    code: 'ERR_SERVICE',
    meaning: 'the service has a fault of its own',
    recoverable: true,
    stopsRun: false,
    reaction: 'asks again; a create is looked up in the list of predictions first, never just repeated',
    suggestion: 'Run the same command again later.',
  },
];

/**
 * Names of attributes. Those of generative AI and of errors are OpenTelemetry's semantic conventions; what these have no
 * word for begins with `rxposure.`.
 */
export const attributes = {
  errorType: 'error.type',
  inputMessages: 'gen_ai.input.messages',
  operation: 'gen_ai.operation.name',
  outputType: 'gen_ai.output.type',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  responseId: 'gen_ai.response.id',
  alreadySaved: 'rxposure.run.already_saved',
  attempt: 'rxposure.attempt',
  attempts: 'rxposure.job.attempts',
  bytes: 'rxposure.bytes',
  cached: 'rxposure.job.cached',
  concurrency: 'rxposure.run.concurrency',
  costMicroUsd: 'rxposure.cost.micro_usd',
  failed: 'rxposure.run.failed',
  index: 'rxposure.job.index',
  jobs: 'rxposure.run.jobs',
  message: 'rxposure.message',
  saved: 'rxposure.run.saved',
  skipped: 'rxposure.run.skipped',
  status: 'rxposure.job.status',
  waitMs: 'rxposure.wait_ms',
} as const;

/** Makes pictures from texts, as the conventions call it. */
export const OPERATION = 'generate_content';

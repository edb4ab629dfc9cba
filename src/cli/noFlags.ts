import type { Flags } from './Flags.ts';

/** An empty command line. */
export const noFlags: Flags = {
  out: null,
  models: [],
  modelInput: [],
  count: null,
  seed: null,
  concurrency: null,
  strategy: null,
  follow: null,
  ratePerMinute: null,
  budgetMicroUsd: null,
  priceMicroUsd: null,
  maxAttempts: null,
  timeoutMs: null,
  renditions: [],
  organize: null,
  limit: null,
  dryRun: false,
  simulateSpeed: null,
  baseUrl: null,
  json: false,
  quiet: false,
  failFast: false,
  resumeAnyway: false,
  repay: false,
};

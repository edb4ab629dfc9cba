import { concurrencyOf } from '../pipelines/concurrencyOf.ts';

/** What holds where neither a flag nor a spec says otherwise. The help text is made from the same values. */
export const flagDefaults = {
  count: 1,
  seed: 'auto',
  concurrency: concurrencyOf('stream', null),
  strategy: 'stream',
  follow: 'wait',
  provider: 'replicate',
  ratePerMinute: 600,
  maxAttempts: 3,
  timeoutMs: 600_000,
  recoveryRounds: 0,
  organize: 'flat',
} as const;

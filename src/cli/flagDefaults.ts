/** What holds where neither a flag nor a spec says otherwise. The help text is made from the same values. */
export const flagDefaults = {
  count: 1,
  seed: 'auto',
  concurrency: 10,
  strategy: 'stream',
  follow: 'wait',
  ratePerMinute: 600,
  maxAttempts: 3,
  timeoutMs: 600_000,
  recoveryRounds: 0,
  organize: 'flat',
} as const;

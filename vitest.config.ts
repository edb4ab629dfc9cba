import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longestFirst.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What is waited for has as long as its test: how soon it comes is up to who else uses the
    // cores.
    expect: { requireAssertions: true, poll: { timeout: 55_000, interval: 20 } },
    // Sharp and the local servers share two cores on CI: more workers only slow each other down.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Files leave nothing behind in their process, and starting one for each takes a minute of CPU
    // time.
    isolate: false,
    // Many tests start processes, which take their time where others use the cores too.
    testTimeout: 60_000,
    // Nothing in a test may reach the real service by accident.
    env: {
      REPLICATE_API_TOKEN: '',
      // Some two hundred scripts are started, all from the same sources.
      NODE_COMPILE_CACHE: resolve('node_modules/.cache/node'),
    },
  },
});

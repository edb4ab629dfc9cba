import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longestFirst.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Starts only if a test asks for it.
    globalSetup: ['test/postgresServer.ts'],
    // What is waited for has as long as its test: how soon it comes is up to who else uses the
    // cores.
    expect: { requireAssertions: true, poll: { timeout: 55_000, interval: 20 } },
    // On the two cores of CI. Tests wait for processes, sockets and disks two fifths of their time:
    // the third worker uses it, and saves a quarter of the wall time.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Files leave nothing behind in their process, and starting one for each takes a minute of CPU
    // time.
    isolate: false,
    // `npm run coverage`. Commands are run as processes of their own, which it does not see.
    coverage: {
      include: ['src/**/*.ts'],
      exclude: [
        'src/cli/bin/**',
        'src/cli/commands/**',
        'src/**/index.ts',
        'src/sinks/gallery/galleryAssets.ts',
      ],
      reporter: ['text-summary'],
      thresholds: { lines: 96, branches: 89 },
    },
    // Many tests start processes, which take their time where others use the cores too.
    testTimeout: 60_000,
    // Nothing in a test may reach the real service by accident.
    env: {
      REPLICATE_API_TOKEN: '',
      // What tests spend counts apart from what you spend.
      XDG_CACHE_HOME: join(tmpdir(), 'rxposure-tests'),
      // Some two hundred scripts are started, all from the same sources.
      NODE_COMPILE_CACHE: resolve('node_modules/.cache/node'),
    },
  },
});

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    expect: { requireAssertions: true },
    // Sharp and the local servers share two cores on CI: more workers only slow each other down.
    maxWorkers: 2,
    testTimeout: 20_000,
    // Nothing in a test may reach the real service by accident.
    env: { REPLICATE_API_TOKEN: '' },
  },
});

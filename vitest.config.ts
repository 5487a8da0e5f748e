import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Tests start real processes, brokers and browsers.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // one module graph a worker: loading it anew for each of 280 files took a fifth of the whole run
    isolate: false,
    reporters: ['default'],
  },
});

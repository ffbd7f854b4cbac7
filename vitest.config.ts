import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'media-server/**/*.test.ts',
      'client/src/**/*.test.ts',
      'desktop/**/*.test.ts',
      'scripts/**/*.test.ts',
      'tests/**/*.test.ts',
    ],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});

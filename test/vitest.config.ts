import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],

          poolOptions: { forks: { singleFork: true } }, // one file at a time
          testTimeout: process.env['VMRIG'] ? 240_000 : 60_000,
          hookTimeout: process.env['VMRIG'] ? 240_000 : 60_000,
        },
      },
    ],
  },
});

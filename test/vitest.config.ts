import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], root: '.' } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          root: '.',
          fileParallelism: false,
          testTimeout: process.env['VMRIG'] ? 240_000 : 60_000,
          hookTimeout: process.env['VMRIG'] ? 240_000 : 60_000,
        },
      },
    ],
  },
});

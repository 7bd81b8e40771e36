import { defineConfig } from 'vitest/config';

/** In a machine of test/vm.mjs. */
const EMULATED = process.env['VMRIG'] !== undefined;

export default defineConfig({
  test: {
    pool: 'forks',
    poolOptions: { forks: { execArgv: EMULATED ? ['--require=./test/helpers/patient-timers.cjs'] : [] } },
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          setupFiles: ['test/integration-setup.ts'],
          poolOptions: { forks: { singleFork: true } }, // one file at a time
          testTimeout: EMULATED ? 240_000 : 60_000,
          hookTimeout: EMULATED ? 240_000 : 60_000,
        },
      },
      {
        test: {
          name: 'distros',
          include: ['test/distros/**/*.test.ts'],
          setupFiles: ['test/integration-setup.ts'],
          poolOptions: { forks: { singleFork: true } },
          testTimeout: 480_000,
          hookTimeout: 480_000,
        },
      },
    ],
  },
});

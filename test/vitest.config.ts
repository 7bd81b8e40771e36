import os from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** In a machine of test/vm.mjs. */
const EMULATED = process.env['VMRIG'] !== undefined;
const PATIENCE_MS = EMULATED ? 240_000 : 120_000;
/** Much of a test is waiting for what it started: one more than there are processors keeps them all at work. */
const FILES_AT_ONCE = EMULATED ? 1 : os.availableParallelism() + 1;
const ONE_BY_ONE = { poolOptions: { forks: { singleFork: true } } };

/** Files that take longest are begun first: the last to end are short ones. */
const LONGEST = [
  'pacemaker',
  'kill-networks',
  'kill-points',
  'man-examples',
  'virt-manager',
  'kill-store',
  'faults',
  'deb-package',
  'network',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.indexOf(path.basename(moduleId, '.test.ts'));
      return place < 0 ? LONGEST.length : place;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

const onThisMachine = { setupFiles: ['test/integration-setup.ts'], testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS };

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: FILES_AT_ONCE,
    minWorkers: 1,
    poolOptions: { forks: { execArgv: EMULATED ? ['--require=./test/helpers/patient-timers.cjs'] : [] } },
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      // Each file has a store, names and networks of its own, so that several can run at once.
      {
        test: {
          ...onThisMachine,
          ...(EMULATED ? ONE_BY_ONE : {}),
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
        },
      },
      // What it costs, and how soon it comes: nothing else runs meanwhile.
      { test: { ...onThisMachine, ...ONE_BY_ONE, name: 'alone', include: ['test/alone/**/*.test.ts'] } },
      {
        test: {
          ...ONE_BY_ONE,
          name: 'distros',
          include: ['test/distros/**/*.test.ts'],
          setupFiles: ['test/integration-setup.ts'],
          testTimeout: 480_000,
          hookTimeout: 480_000,
        },
      },
    ],
  },
});

// The integration tests on other hosts: virtual machines of ../shared/vm, one after the other. Arguments choose the variants;
// TESTS=word runs only test files with that word in their path. Last line: `N passed, N failed[, N skipped]`.
import { testInMachines } from './machines.mjs';

await testInMachines({
  project: 'integration',
  /** The guest's /tmp is mounted without devices, which a container's root on it would not have either. */
  environment: { TMPDIR: '/var/tmp' },
  /** An emulated machine is 5 to 25 times slower than this one. */
  timeoutSeconds: 9000,
});

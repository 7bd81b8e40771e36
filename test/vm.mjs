// The integration tests on other hosts: virtual machines of ../shared/vm, one after the other. Last line: `N passed, N failed[, N skipped]`.
import { machineOptions, testInMachines } from './machines.mjs';

const options = machineOptions(
  'test:vm',
  'Runs the integration tests in virtual machines that have other cgroup layouts, or a security module.',
).parseSync();
await testInMachines(options, {
  projects: ['integration', 'alone'],
  /** The guest's /tmp is mounted without devices, which a container's root on it would not have either. */
  environment: { TMPDIR: '/var/tmp' },
});

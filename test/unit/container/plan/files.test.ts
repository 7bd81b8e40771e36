// What a file server does before it looks at anything.
import { describe, expect, it } from 'vitest';
import { hostFiles, runningFiles, stoppedFiles } from '../../../../src/container/plan/files.ts';
import { containment } from '../../../../src/security/containment.ts';
import { minimalDefinition } from '../../../helpers/definition.ts';
import { describeSteps } from '../../../helpers/describe-plan.ts';

const host = {
  lastCapability: 1,
  permittedCapabilities: 3n,
  maxOpenFiles: 4096,
  hasSecurityfs: false,
  hasSelinuxfs: false,
  hasTimeNamespaces: true,
  is32Bit: false,
  machine: 'x64',
} as const;

/** Without what tells of the filter's program and the capabilities' masks. */
const described = (steps: Parameters<typeof describeSteps>[0]) =>
  describeSteps(steps).map((line) => line.replace(/^seccomp.* -- /, 'seccomp -- ').replace(/^capset.* -- /, 'capset -- '));

const OPEN = 'openat(-100, "/proc/self/fd", 2686976) -- Failed to open /proc/self/fd';
const KEYRING = 'keyctl(1, null) ~38 -- Failed to make a session keyring';
const UMASK = 'umask(0) -- umask failed';
const LIMITS = [
  'capset -- failed to set capabilities',
  'prctl(47, 4, 0, 0, 0) ~22 -- failed to clear ambient capabilities',
  'capset -- failed to set capabilities',
];

describe('a file server', () => {
  const definition = minimalDefinition();
  const ids = minimalDefinition((one) => {
    one.idmap = { uid: [{ start: 0, target: 100000, count: 10 }], gid: [{ start: 0, target: 100000, count: 10 }] };
  });

  it('is on the host what its caller is', () => {
    expect(described(hostFiles())).toEqual([OPEN, UMASK]);
  });

  it('has in a running container the namespace that was looked at, and no more rights than its root', () => {
    const steps = runningFiles(definition, {
      host,
      containment: containment(definition, 'strict'),
      initPidfd: 3,
      mountNamespace: 4,
      label: { file: 'thread-self/attr/current', text: 'changeprofile x' },
    });
    expect(described(steps)).toEqual([
      OPEN,
      KEYRING,
      `openat(-100, "/proc/thread-self/attr/current", 524289) -- Failed to set security label 'changeprofile x'`,
      'setns(4, 131072) -- Failed to enter the namespaces',
      'close(4) -- Failed to enter the namespaces',
      'close(3) -- Failed to close the pidfd of init',
      UMASK,
      'prctl(38, 1, 0, 0, 0) -- Failed to forbid new privileges',
      'seccomp -- Failed to filter system calls',
      ...LIMITS,
      `write(<openat /proc/thread-self/attr/current>, "changeprofile x", 15) -- Failed to set security label 'changeprofile x'`,
      `close(<openat /proc/thread-self/attr/current>) -- Failed to set security label 'changeprofile x'`,
    ]);
  });

  it('is root of the user namespace, where there is one', () => {
    const inputs = { host, containment: containment(ids, 'libvirt'), initPidfd: 3, mountNamespace: undefined, label: undefined };
    expect(described(runningFiles(ids, inputs))).toEqual([
      OPEN,
      KEYRING,
      `setns(3, ${0x20000 | 0x10000000}) -- Failed to enter the namespaces`,
      'close(3) -- Failed to close the pidfd of init',
      'setgroups(0, null) -- setgroups failed',
      'setresgid(0, 0, 0) -- setgid failed',
      'setresuid(0, 0, 0) -- setuid failed',
      UMASK,
      ...LIMITS,
    ]);
  });

  it('has the root of one that is off for its own, with the ids of the disk', () => {
    const steps = stoppedFiles(ids, { host, containment: containment(ids, 'default'), root: 3 });
    expect(described(steps)).toEqual([
      OPEN,
      KEYRING,
      'unshare(131072) -- Failed to make a mount namespace',
      'mount(null, "/", null, 278528, null) -- Failed to make root private',
      'move_mount(3, "", -100, "/proc", 20) -- Failed to attach the root file system',
      'chdir("/proc") -- Failed to enter the root file system',
      'pivot_root(".", ".") -- Failed to pivot root',
      'umount2(".", 2) -- Failed to drop the old root',
      'chdir("/") -- Failed to chdir into the root',
      'close(3) -- Failed to close the root file system',
      UMASK,
      'seccomp -- Failed to filter system calls',
      ...LIMITS,
    ]);
  });
});

import { expect, it } from 'vitest';
import { compileMakeNode, compileRemoveNode } from '../../../src/container/hotplug-plan.ts';
import { describePlan } from '../../helpers/describe-plan.ts';

const FLAGS = 0o10000000 | 0o2000000 | (process.arch === 'arm64' ? 0o40000 | 0o100000 : 0o200000 | 0o400000);

it('compileMakeNode() enters the mount namespace only and goes from folder to folder', () => {
  const node = { path: 'bus/usb/001', type: 'c', mode: 0o700, number: 0xbd01n, uid: 1000, gid: 1001 } as const;
  const cannot = '-- Unable to create device /dev/bus/usb/001';
  expect(describePlan(compileMakeNode(5, node))).toMatchObject({
    cloneFlags: 0,
    parent: [],
    child: [
      'setns(5, 131072) -- Unable to enter the mount namespace for /dev/bus/usb/001',
      `umask(0) ${cannot}`,
      `openat(-100, "/dev", ${FLAGS}) ${cannot}`,
      `mkdirat(<openat /dev>, "bus", 493) ~17 ${cannot}`,
      `openat(<openat /dev>, "bus", ${FLAGS}) ${cannot}`,
      `mkdirat(<openat bus>, "usb", 493) ~17 ${cannot}`,
      `openat(<openat bus>, "usb", ${FLAGS}) ${cannot}`,
      `mknodat(<openat usb>, "001", ${0o020000 | 0o700}, ${0xbd01}) ${cannot}`,
      'fchownat(<openat usb>, "001", 1000, 1001, 256) -- Failed to change owner of \'/dev/bus/usb/001\'',
      'exit_group(0) -- Unable to exit',
    ],
  });
});

it('compileRemoveNode() is content with a node that is gone', () => {
  expect(describePlan(compileRemoveNode(5, 'sda')).child).toEqual([
    'setns(5, 131072) -- Unable to enter the mount namespace for /dev/sda',
    `openat(-100, "/dev", ${FLAGS}) -- Unable to remove device /dev/sda`,
    'unlinkat(<openat /dev>, "sda", 0) ~2 -- Unable to remove device /dev/sda',
    'exit_group(0) -- Unable to exit',
  ]);
});

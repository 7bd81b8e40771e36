// Suspend and resume: the v1 freezer, or cgroup.freeze on v2 (which libvirt 9.0 does not have).

import { monotonicMs } from '../../../lib-native/monotonic.ts';
import { pause } from '../../../lib-native/pause.ts';
import { libvirtError } from '../../errors.ts';
import type { DomainCgroup } from './group.ts';

/** libvirt waits about this long for a group to freeze. */
const FREEZE_TIMEOUT_MS = 1100;

/** Freezes every process of the group. Throws OPERATION_FAILED; then the group is thawed again. */
export function freeze(group: DomainCgroup): void {
  const isV2 = group.layout.version === 2;
  if (isV2) group.write('freezer', 'cgroup.freeze', '1');
  else group.write('freezer', 'freezer.state', 'FROZEN');
  const frozen = () =>
    isV2 ? /^frozen 1$/m.test(group.read('freezer', 'cgroup.events')) : group.read('freezer', 'freezer.state').trim() === 'FROZEN';
  const deadline = monotonicMs() + FREEZE_TIMEOUT_MS;
  for (let pauseMs = 1; !frozen(); pauseMs = Math.min(pauseMs * 2, 50)) {
    if (monotonicMs() > deadline) {
      thaw(group);
      throw libvirtError('OPERATION_FAILED', 'Suspend operation failed');
    }
    if (!isV2) group.write('freezer', 'freezer.state', 'FROZEN'); // FREEZING may need another push (freezer-subsystem.rst)
    pause(pauseMs);
  }
}

export function thaw(group: DomainCgroup): void {
  if (group.layout.version === 2) group.write('freezer', 'cgroup.freeze', '0');
  else group.write('freezer', 'freezer.state', 'THAWED');
}

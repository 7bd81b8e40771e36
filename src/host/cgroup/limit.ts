// A value for a file of a cgroup as data: what a definition or a change comes to can be looked at before it is written.
import { errnoCode, libvirtError } from '../../errors.ts';
import type { DomainCgroup } from './cgroup.ts';
import type { V1Controller } from './layout.ts';

export interface Limit {
  controller: V1Controller;
  /** Tried in order: the first that exists is written. */
  files: readonly string[];
  value: string;
  /** What the user is told when none of the files exists. */
  missing?: string;
  /** What the user is told when the kernel calls it not supported. */
  unsupported?: string;
}

/** Writes the limits. Throws SYSTEM_ERROR, CONFIG_UNSUPPORTED or OPERATION_INVALID at the first that cannot be set. */
export function applyLimits(cgroup: DomainCgroup, limits: readonly Limit[]): void {
  for (const { controller, files, value, missing, unsupported } of limits) {
    const file = files.find((candidate) => cgroup.has(controller, candidate));
    if (file === undefined && missing !== undefined) throw libvirtError('CONFIG_UNSUPPORTED', missing);
    try {
      cgroup.write(controller, file ?? files[0]!, value);
    } catch (error) {
      if (unsupported !== undefined && error instanceof Error && errnoCode(error.cause) === 'ENOTSUP')
        throw libvirtError('OPERATION_INVALID', unsupported, error);
      throw error;
    }
  }
}

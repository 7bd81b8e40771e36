// What a container is kept from, by its level: all that holds, told once, for whoever makes it hold and whoever tells of it. Pure.
import type { DomainDefinition, SecurityLevel } from '../domain/definition.ts';
import { KERNEL_FILE_SYSTEMS, MASKED_DIRECTORIES, MASKED_FILES, PREPARED_MOUNTS, type PreparedMount, READ_ONLY_PATHS } from './paths.ts';
import { type LabelModel, type SyscallFilter, syscallFilter } from './seccomp/rules.ts';

export interface Containment {
  level: SecurityLevel;
  /** undefined: every call is let through. */
  filter: SyscallFilter | undefined;
  /** Reads nothing, and takes what is written. */
  maskedFiles: readonly string[];
  /** Empty, to be read only. */
  maskedDirectories: readonly string[];
  readOnlyPaths: readonly string[];
  /** For an init system, which cannot mount them itself. */
  preparedMounts: readonly PreparedMount[];
  /** No program gives more rights than its caller has: setuid and file capabilities are without effect. */
  noNewPrivileges: boolean;
}

/** What a definition at this level is kept from. */
export function containment(definition: Pick<DomainDefinition, 'features' | 'idmap' | 'seclabels'>, level: SecurityLevel): Containment {
  const { features, idmap, seclabels } = definition;
  const hides = level !== 'libvirt';
  const hasOwnUsers = idmap.uid.length > 0 && idmap.gid.length > 0;
  // Of a definition that runs, or is about to: what it was given.
  const labelled = (one: LabelModel): boolean =>
    seclabels.some(({ model, type, label }) => model === one && type !== 'none' && label !== undefined);
  const label = (['selinux', 'apparmor'] as const).find(labelled);
  return {
    level,
    filter: syscallFilter(level, features.capabilities, { hasOwnUsers, label }),
    maskedFiles: hides ? MASKED_FILES : [],
    maskedDirectories: hides ? [...MASKED_DIRECTORIES, ...(label === 'selinux' ? KERNEL_FILE_SYSTEMS : [])] : [],
    readOnlyPaths: hides ? READ_ONLY_PATHS : [],
    preparedMounts: level === 'strict' ? PREPARED_MOUNTS : [],
    noNewPrivileges: level === 'strict',
  };
}

// Ranges of the host's ids for containers that have a user namespace without an <idmap>. Whose a range is, the kernel knows: it is a
// lock on as many bytes of one file as there are ids, which belongs to an open file that the container's controller inherits. So
// nothing is left of it when that is dead, and no two commands can take the same.
import { EAGAIN, O_CLOEXEC, O_CREAT, O_RDWR } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import type { DomainDefinition, IdRange } from '../domain/definition.ts';
import { libvirtError, systemError } from '../errors.ts';
import { readIfThere } from '../store/atomic-write.ts';
import { paths } from '../store/paths.ts';
import { fromOwn, IDS_EACH, idRanges } from './subordinate-ids.ts';

/** 256 ranges of what no distribution and no systemd gives to anybody (systemd's UIDS-GIDS: 0x70000000 to 0x7fffffff). */
const SUGGESTED = 'virsh-lxc:1879048192:16777216';
/** Where locks of groups begin, behind those of users. */
const GROUPS_OFFSET = 2 ** 32;

/** What keeps ids for one container: to be inherited by its controller. */
export interface HeldIds extends Disposable {
  fd: number;
}

/** A range for users and one for groups that no running container has. Throws CONFIG_UNSUPPORTED, OPERATION_FAILED or SYSTEM_ERROR. */
export function takeRange({ uuid }: Pick<DomainDefinition, 'uuid'>): HeldIds & { idmap: DomainDefinition['idmap'] } {
  const held = openLocks();
  try {
    const uid = takeFirst(held.fd, paths.subuid, 0, uuid);
    const gid = takeFirst(held.fd, paths.subgid, GROUPS_OFFSET, uuid);
    return { ...held, idmap: { uid: [uid], gid: [gid] } };
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/**
 * Keeps others from taking ids that a definition gives its domain; several may give the same. `areTaken`: they, or some of them, were
 * chosen for another container that runs. undefined where that cannot be.
 */
export function holdGiven({ uid, gid }: DomainDefinition['idmap']): (HeldIds & { areTaken: boolean }) | undefined {
  try {
    const held = openLocks();
    let areTaken = false;
    for (const [ranges, offset] of [[uid, 0] as const, [gid, GROUPS_OFFSET] as const])
      for (const { target, count } of ranges)
        if (count > 0 && linux.ofdLock(held.fd, { write: false, start: offset + target, length: count }) === -EAGAIN) areTaken = true;
    return { ...held, areTaken };
  } catch {
    return undefined; // as libvirt, which keeps none
  }
}

function openLocks(): HeldIds {
  const fd = linux.open(paths.idLocks, O_RDWR | O_CREAT | O_CLOEXEC, 0o600);
  if (fd < 0) throw systemError(`Failed to open '${paths.idLocks}'`, -fd);
  return { fd, [Symbol.dispose]: () => void linux.close(fd) };
}

function takeFirst(fd: number, file: string, offset: number, uuid: string): IdRange {
  const ranges = idRanges(readIfThere(file) ?? '');
  const free = fromOwn(ranges, uuid).find((start) => linux.ofdLock(fd, { write: true, start: offset + start, length: IDS_EACH }) >= 0);
  if (free !== undefined) return { start: 0, target: free, count: IDS_EACH };
  if (ranges.length > 0)
    throw libvirtError(
      'OPERATION_FAILED',
      `no free ids for a user namespace: each of the ${ranges.length} ranges in ${file} is a running container's`,
    );
  throw libvirtError(
    'CONFIG_UNSUPPORTED',
    `no ids for a user namespace: ${file} gives ${IDS_EACH} of them to neither virsh-lxc nor root; ` +
      `add a line such as '${SUGGESTED}' to /etc/subuid and /etc/subgid, for 256 containers`,
  );
}

// virDomainLxcOpenNamespace: descriptors of a container's namespaces, for a client that enters them itself.
import { ENOENT, O_CLOEXEC, O_RDONLY } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { openInit } from '../../container/init.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { notRunning, systemError } from '../../errors.ts';
import { liveStatus } from '../../store/live-status.ts';
import { type Connection, requireWritable } from '../connection.ts';

/** In the order in which a client enters them: the user namespace gives the rights for the others, and the last takes /proc away. */
const ORDER = ['user', 'ipc', 'uts', 'net', 'pid', 'mnt'] as const;

/** Descriptors of them; the caller closes them. */
export interface Namespaces extends Disposable {
  readonly fds: readonly number[];
}

/**
 * The namespaces of a domain's init, in libvirt's order. One that this process is in, too, is there like any other: who enters it gets
 * EINVAL, as libvirt's clients expect. Throws OPERATION_INVALID for a domain that does not run, SYSTEM_ERROR.
 */
export function openNamespaces(connection: Connection, ref: DomainRef): Namespaces {
  requireWritable(connection, 'virDomainLxcOpenNamespace');
  const record = liveStatus(ref.name);
  if (!record) throw notRunning();
  using init = openInit(record);
  const fds: number[] = [];
  const close = () => {
    for (const fd of fds.splice(0)) linux.close(fd);
  };
  try {
    for (const kind of ORDER) {
      const fd = linux.open(`/proc/${init.pid}/ns/${kind}`, O_RDONLY | O_CLOEXEC);
      if (fd >= 0) fds.push(fd);
      else if (fd !== -ENOENT && !init.hasEnded) throw systemError(`Unable to open '/proc/${init.pid}/ns/${kind}'`, -fd);
    }
    // As long as it lives its number is nobody else's: these are its namespaces.
    if (init.hasEnded) throw notRunning();
  } catch (error) {
    close();
    throw error;
  }
  return { fds, [Symbol.dispose]: close };
}

// The namespaces that <lxc:namespace> takes from elsewhere: another domain, a process, a named network namespace.

import { linux } from '../../lib-native/linux.ts';
import type { DomainDefinition, NamespaceSource, SharedNamespace } from '../domain/definition.ts';
import { libvirtError } from '../errors.ts';
import { isDefined } from '../store/definitions.ts';
import { liveStatus } from '../store/live-status.ts';
import { isDomainName } from '../store/paths.ts';
import { openNamespaceFile } from './resources.ts';

export interface SharedNamespaceFds extends Disposable {
  fds: Partial<Record<SharedNamespace, number>>;
}

/** Opens them. Throws NO_DOMAIN, CONFIG_UNSUPPORTED or SYSTEM_ERROR; nothing is open then. */
export function openSharedNamespaces({ sharedNamespaces }: DomainDefinition): SharedNamespaceFds {
  const fds: Partial<Record<SharedNamespace, number>> = {};
  const close = () => {
    for (const fd of Object.values(fds)) linux.close(fd);
  };
  try {
    for (const kind of ['net', 'ipc', 'uts'] as const) {
      const source = sharedNamespaces[kind];
      if (source) fds[kind] = openSharedNamespace(kind, source);
    }
  } catch (error) {
    close();
    throw error;
  }
  return { fds, [Symbol.dispose]: close };
}

function openSharedNamespace(kind: SharedNamespace, { type, value }: NamespaceSource): number {
  if (type === 'netns') {
    if (kind !== 'net') throw libvirtError('CONFIG_UNSUPPORTED', "'netns' namespace source can only be used with sharenet");
    return openNamespaceFile(`/run/netns/${value}`, `failed to open netns ${value}`);
  }
  if (type === 'pid') return openNamespaceFile(`/proc/${value}/ns/${kind}`, `failed to open ns share${kind}`);
  if (!isDomainName(value) || (!liveStatus(value) && !isDefined(value)))
    throw libvirtError('NO_DOMAIN', `No domain with matching name '${value}'`);
  const status = liveStatus(value);
  if (!status) throw libvirtError('OPERATION_INVALID', 'Init pid is not yet available');
  return openNamespaceFile(`/proc/${status.initPid}/ns/${kind}`, `failed to open ns share${kind}`);
}

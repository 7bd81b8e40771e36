// The host name of another UTS namespace (uts_namespaces(7)).
import os from 'node:os';
import process from 'node:process';
import { CLONE_NEWUTS, O_CLOEXEC } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { systemError } from '../errors.ts';

/** Ends the process when there is no way back, as inNetworkNamespace() does. Throws SYSTEM_ERROR. */
export function hostnameIn(namespace: number): string {
  const home = linux.open('/proc/self/ns/uts', O_CLOEXEC);
  if (home < 0) throw systemError('Unable to open /proc/self/ns/uts', -home);
  try {
    const entered = linux.setns(namespace, CLONE_NEWUTS);
    if (entered < 0) throw systemError('Unable to enter UTS namespace', -entered);
    try {
      return os.hostname();
    } finally {
      if (linux.setns(home, CLONE_NEWUTS) < 0) process.abort();
    }
  } finally {
    linux.close(home);
  }
}

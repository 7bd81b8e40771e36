// The mount namespace of a container, for who enters it with the rights of its root.
import { O_CLOEXEC } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import type { DomainDefinition } from '../domain/definition.ts';
import { libvirtError, notRunning } from '../errors.ts';
import { ownerOf } from '../host/pid-namespace.ts';
import { hasUserNamespace } from './plan/namespaces.ts';

/**
 * A command gets its root's rights in the mount namespace that init is in. So that must be the container's own, or below its
 * root's: an init without rights could make one with a user namespace of its own, and files that it put there would be run
 * with them. Returns a descriptor of it, whatever init does next. undefined: who enters has no more rights there than init.
 */
export function openMounts(domain: DomainDefinition, initPid: number): Disposable & { fd: number | undefined } {
  if (hasUserNamespace(domain)) return heldFd(undefined); // what init makes has a user namespace that is entered, too
  const [theirs, ours] = [`/proc/${initPid}/ns/mnt`, '/proc/self/ns/mnt'].map((file) => linux.open(file, O_CLOEXEC)) as [number, number];
  const isOurs = theirs >= 0 && ours >= 0 && ownerOf(theirs) === ownerOf(ours);
  if (ours >= 0) linux.close(ours);
  if (isOurs) return heldFd(theirs);
  if (theirs < 0) throw notRunning();
  linux.close(theirs);
  throw libvirtError('OPERATION_DENIED', 'init has left the namespaces of its container: nothing is executed in those that it made');
}

function heldFd(fd: number | undefined): Disposable & { fd: number | undefined } {
  let open = fd;
  return {
    fd,
    [Symbol.dispose]: () => {
      if (open !== undefined) linux.close(open);
      open = undefined;
    },
  };
}

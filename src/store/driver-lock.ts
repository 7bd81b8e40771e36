// The lock by which libvirt's drivers keep each other from one store (libvirt: driver.pid).
import { O_CLOEXEC, O_CREAT, O_RDWR } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { libvirtError, strerror, systemError } from '../errors.ts';
import { paths } from './paths.ts';

/**
 * A descriptor with a read lock on the driver's lock file. The lock belongs to the open file, which the controller
 * inherits: a libvirtd that is started meanwhile cannot take the store away from under a running container.
 */
export function holdDriverLock(): Disposable & { fd: number } {
  const fd = linux.open(paths.driverLock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600);
  if (fd < 0) throw systemError(`Failed to open '${paths.driverLock}'`, -fd);
  const locked = linux.ofdLock(fd, { write: false, start: 0, length: 0 });
  if (locked < 0) {
    linux.close(fd);
    throw libvirtError('OPERATION_FAILED', `cannot lock '${paths.driverLock}': ${strerror(-locked)}`);
  }
  return { fd, [Symbol.dispose]: () => void linux.close(fd) };
}

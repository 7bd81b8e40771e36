// Pseudo-terminals: those of the host, and those of a container's own devpts (pty(7), ioctl_tty(2)).

import { AT_FDCWD, O_CLOEXEC, O_NOCTTY, O_RDWR, TIOCGPTN, TIOCSPTLCK } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { systemError } from '../errors.ts';
import { makeRaw } from './terminal.ts';

export interface Pty {
  /** The caller closes it. */
  master: number;
  /** N of /dev/pts/N. */
  index: number;
}

/** A pty of the host whose slave is raw, as a virsh console expects it. Throws SYSTEM_ERROR. */
export function openHostPty(): Pty {
  const pty = openPty(AT_FDCWD, '/dev/ptmx');
  makeRaw(pty.master); // the ioctls of a master speak of its slave
  return pty;
}

/** A pty of a devpts instance that is mounted nowhere yet. */
export function openPtyOf(devpts: number): Pty {
  return openPty(devpts, 'ptmx');
}

function openPty(dirfd: number, path: string): Pty {
  const master = linux.openat(dirfd, path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0) throw systemError('Failed to allocate tty', -master);
  const number = Buffer.alloc(4);
  const unlocked = linux.ioctl(master, TIOCSPTLCK, Buffer.alloc(4));
  const asked = unlocked < 0 ? unlocked : linux.ioctl(master, TIOCGPTN, number);
  if (asked < 0) {
    linux.close(master);
    throw systemError('Failed to allocate tty', -asked);
  }
  return { master, index: number.readInt32LE() };
}

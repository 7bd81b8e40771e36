// Pseudo-terminals: those of the host, and those of a container's own devpts (pty(7), ioctl_tty(2)).

import fs from 'node:fs';
import {
  AT_FDCWD,
  ENODEV,
  ENOSPC,
  O_CLOEXEC,
  O_NOCTTY,
  O_NONBLOCK,
  O_RDWR,
  TIOCGPTN,
  TIOCGPTPEER,
  TIOCSPTLCK,
} from '../../lib-native/constants.ts';
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

/** The device number of /dev/ptmx, of any devpts (Linux's devices.txt). */
const PTMX_DEVICE = (5 << 8) | 2;

/**
 * One more pty of the devpts instance that process `pid` holds masters of beside the host's: a controller, its container's.
 * It is opened by the file that such a master is, so that no path of the container's is looked up. Non-blocking.
 * Throws SYSTEM_ERROR where there is none.
 */
export function openPtyBeside(pid: number): Pty {
  const ofHost = new Set(['/dev/ptmx', '/dev/pts'].map((path) => fs.statSync(path, { throwIfNoEntry: false })?.dev));
  const directory = `/proc/${pid}/fd`;
  let names: string[] = [];
  try {
    names = fs.readdirSync(directory);
  } catch {
    // it has ended
  }
  for (const name of names) {
    const file = fs.statSync(`${directory}/${name}`, { throwIfNoEntry: false });
    if (file?.isCharacterDevice() && file.rdev === PTMX_DEVICE && !ofHost.has(file.dev))
      return openPty(AT_FDCWD, `${directory}/${name}`, O_NONBLOCK);
  }
  throw systemError('Failed to allocate tty', ENODEV);
}

/** The other side of a pty, without a look for its path. The caller closes it. Throws SYSTEM_ERROR. */
export function openSlave({ master }: Pty): number {
  const slave = linux.ioctlValue(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) throw systemError('Failed to allocate tty', -slave);
  return slave;
}

function openPty(dirfd: number, path: string, flags = 0): Pty {
  const master = linux.openat(dirfd, path, O_RDWR | O_NOCTTY | O_CLOEXEC | flags);
  if (master === -ENOSPC) throw systemError('Failed to allocate tty, as there are kernel.pty.max of them', ENOSPC);
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

// Pseudo-terminals: those of the host, and those of a container's own devpts (pty(7), ioctl_tty(2)).

import { AT_FDCWD, O_CLOEXEC, O_NOCTTY, O_RDWR, TIOCGPTN, TIOCSPTLCK } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { systemError } from '../errors.ts';

export interface Pty {
  /** The caller closes it. */
  master: number;
  /** N of /dev/pts/N. */
  index: number;
}

/** A pty of the host whose slave is raw, as a virsh console expects it. Throws SYSTEM_ERROR. */
export function openHostPty(): Pty {
  const pty = openPty(AT_FDCWD, '/dev/ptmx');
  makeRaw(pty.master);
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

const TCGETS = 0x5401;
const TCSETS = 0x5402;

/** cfmakeraw(3) on the slave of a master: the ioctls of a master speak of its slave. */
function makeRaw(master: number): void {
  const termios = Buffer.alloc(64);
  const got = linux.ioctl(master, TCGETS, termios);
  if (got < 0) throw systemError('Failed to allocate tty', -got);
  const IGNBRK_TO_IXON = 0o1 | 0o2 | 0o10 | 0o40 | 0o100 | 0o200 | 0o400 | 0o2000; // IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON
  const OPOST = 0o1;
  const ECHO_TO_IEXTEN = 0o10 | 0o100 | 0o2 | 0o1 | 0o100000; // ECHO ECHONL ICANON ISIG IEXTEN
  const CSIZE_PARENB = 0o60 | 0o400;
  const CS8 = 0o60;
  termios.writeInt32LE(termios.readInt32LE(0) & ~IGNBRK_TO_IXON, 0);
  termios.writeInt32LE(termios.readInt32LE(4) & ~OPOST, 4);
  termios.writeInt32LE((termios.readInt32LE(8) & ~CSIZE_PARENB) | CS8, 8);
  termios.writeInt32LE(termios.readInt32LE(12) & ~ECHO_TO_IEXTEN, 12);
  const VMIN = 17 + 6;
  const VTIME = 17 + 5;
  termios.writeUInt8(1, VMIN);
  termios.writeUInt8(0, VTIME);
  const set = linux.ioctl(master, TCSETS, termios);
  if (set < 0) throw systemError('Failed to allocate tty', -set);
}

// Raw mode (termios(3)), by the kernel's own structure, and the window's size.

import fs from 'node:fs';
import { linux } from '../../lib-native/linux.ts';
import { systemError } from '../errors.ts';

const TCGETS = 0x5401;
const TCSETSW = 0x5403;
const TIOCGWINSZ = 0x5413;
const TIOCSWINSZ = 0x5414;
const WINSIZE_BYTES = 8;

/** struct termios of the kernel: four words of flags, the line discipline, 19 control characters. */
const TERMIOS_BYTES = 64;
const IFLAG = 0;
const OFLAG = 4;
const CFLAG = 8;
const LFLAG = 12;
const VTIME = 17 + 5;
const VMIN = 17 + 6;

/**
 * Puts a terminal into raw mode, as cfmakeraw(3) does; the runtime's own raw mode goes on translating output.
 * The result puts it back as it was, any number of times. `keepsOutput`: it goes on translating what is written to it, so that
 * a line feed begins a line. Throws SYSTEM_ERROR.
 */
export function makeRaw(fd: number, { keepsOutput = false } = {}): () => void {
  const saved = Buffer.alloc(TERMIOS_BYTES);
  const got = linux.ioctl(fd, TCGETS, saved);
  if (got < 0) throw systemError('unable to get tty attributes', -got);
  const raw = Buffer.from(saved);
  const clear = (offset: number, flags: number) => raw.writeUInt32LE((raw.readUInt32LE(offset) & ~flags) >>> 0, offset);
  clear(IFLAG, 0o2753); // IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON
  if (!keepsOutput) clear(OFLAG, 0o1); // OPOST
  clear(LFLAG, 0o100113); // ISIG ICANON ECHO ECHONL IEXTEN
  clear(CFLAG, 0o460); // CSIZE PARENB
  raw.writeUInt32LE(raw.readUInt32LE(CFLAG) | 0o60, CFLAG); // CS8
  raw[VMIN] = 1;
  raw[VTIME] = 0;
  const set = linux.ioctl(fd, TCSETSW, raw);
  if (set < 0) throw systemError('unable to set tty attributes', -set);
  return () => void linux.ioctl(fd, TCSETSW, saved);
}

/** isatty(3). */
export const isTerminal = (fd: number): boolean => linux.ioctl(fd, TCGETS, Buffer.alloc(TERMIOS_BYTES)) >= 0;

/** struct winsize of a terminal (ioctl_tty(2)); undefined for what is none, or has no size. */
export function windowSize(fd: number): Buffer | undefined {
  const size = Buffer.alloc(WINSIZE_BYTES);
  return linux.ioctl(fd, TIOCGWINSZ, size) < 0 || size.readUInt32LE() === 0 ? undefined : size;
}

/** Gives a terminal, or a pty by its master, a size; its foreground process group hears of a new one by SIGWINCH. */
export function setWindowSize(fd: number, size: Buffer): void {
  linux.ioctl(fd, TIOCSWINSZ, size);
}

/** ttyname(3): the path of the terminal that a descriptor is; undefined for anything else. */
export function terminalName(fd: number): string | undefined {
  if (!isTerminal(fd)) return undefined;
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined; // closed meanwhile
  }
}

// Descriptors that the caller of a start hands to init.
import fs from 'node:fs';
import { EBADF } from '../../lib-native/constants.ts';
import { systemError } from '../errors.ts';

/** Throws SYSTEM_ERROR for one that is not the caller's. */
export function checkPassFds(fds: readonly number[]): void {
  for (const fd of fds) if (!isHandedDown(fd)) throw systemError(`Cannot duplicate FD ${fd}`, EBADF);
}

/**
 * True for a descriptor that our caller handed us. The runtime's own cannot be told by close-on-exec, which it sets on all, but by
 * what they are: what it waits with, and pipes that it has both ends of.
 */
function isHandedDown(fd: number): boolean {
  const what = target(String(fd));
  if (what === undefined || /^anon_inode:\[event(poll|fd)\]$/.test(what)) return false;
  return !what.startsWith('pipe:') || fs.readdirSync('/proc/self/fd').filter((name) => target(name) === what).length === 1;
}

function target(name: string): string | undefined {
  try {
    return fs.readlinkSync(`/proc/self/fd/${name}`);
  } catch {
    return undefined; // not open
  }
}

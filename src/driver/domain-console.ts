// The host's end of a domain's console.
import { linux } from '../../lib-native/linux.ts';
import { O_CLOEXEC, O_NOCTTY, O_RDWR } from '../../lib-native/constants.ts';
import { libvirtError, systemError } from '../errors.ts';
import { type Connection, requireWritable } from './connection.ts';
import { type DomainRef, liveStatus, notRunning } from './domain-lookup.ts';
import { loadStatus } from './stored-domain.ts';

export interface ConsoleStream extends Disposable {
  /** The slave of the host's pty: raw, read and write. */
  readonly fd: number;
}

export interface ConsoleFlags {
  /** Accepted: a second visitor is never refused, so there is nothing to force. */
  force?: boolean;
  /** Accepted: every console is safe, since who opens it first gets what was written before. */
  safe?: boolean;
}

/** Opens console `devname` (`console0` …), by default the first. Throws INTERNAL_ERROR where there is none of that name. */
export function openConsole(connection: Connection, ref: DomainRef, devname: string | undefined, _flags: ConsoleFlags): ConsoleStream {
  requireWritable(connection, 'virDomainOpenConsole');
  const record = liveStatus(ref.name);
  if (!record) throw notRunning();
  const { consoles } = loadStatus(record).domain.devices;
  const device = devname === undefined ? consoles[0] : consoles.find(({ alias }) => alias === devname);
  if (!device) throw libvirtError('INTERNAL_ERROR', `cannot find console device '${devname ?? '<default>'}'`);
  const path = device.sourcePath ?? '';
  const fd = linux.open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) throw systemError(`Unable to open '${path}'`, -fd);
  return { fd, [Symbol.dispose]: () => void linux.close(fd) };
}

// The host's end of a domain's console.

import { O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDWR } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { pause } from '../../lib-native/pause.ts';
import { readable } from '../../lib-native/readable.ts';
import { libvirtError, systemError, unsupportedFlags } from '../errors.ts';
import { setWindowSize } from '../host/terminal.ts';
import { type Connection, requireWritable } from './connection.ts';
import { OFFER_SIGNAL, RESIZE, WITHDRAW } from './controller-orders.ts';
import { type DomainRef, liveStatus, notRunning } from './domain-lookup.ts';
import { loadStatus } from './stored-domain.ts';

export interface ConsoleStream extends Disposable {
  /** The slave of the host's pty: raw, read and write, non-blocking. */
  readonly fd: number;
  /** Gives the console the size (struct winsize) of the window that it is shown in. */
  setWindowSize(size: Buffer): void;
  /** Waits, after the domain's end, until that has been seen to: what is asked of the domain next is answered as of a domain that is off. */
  waitForAftermath(): void;
}

/** Hooks may take their time; the console does not wait for ever. */
const AFTERMATH_TIMEOUT_MS = 2000;

/** In this time a controller has heard that an offer is withdrawn. */
const WITHDRAWAL_MS = 2;

/** Refused, as libvirt's LXC driver refuses them: a second visitor is never turned away, so there is nothing to force. */
export interface ConsoleFlags {
  force?: boolean;
  safe?: boolean;
}

/** A console of a running domain: where it is, and whom to ask for its output. */
export interface DomainConsole {
  readonly path: string;
  readonly index: number;
  readonly controllerPid: number;
}

/** Finds console `devname` (`console0` …), by default the first. Throws INTERNAL_ERROR where there is none of that name. */
export function findConsole(connection: Connection, ref: DomainRef, devname: string | undefined, flags: ConsoleFlags): DomainConsole {
  requireWritable(connection, 'virDomainOpenConsole');
  const refused = (flags.force ? 0x1 : 0) | (flags.safe ? 0x2 : 0);
  if (refused) throw unsupportedFlags(refused, 'lxcDomainOpenConsole');
  const record = liveStatus(ref.name);
  if (!record) throw notRunning();
  const { consoles } = loadStatus(record).domain.devices;
  const index = devname === undefined ? 0 : consoles.findIndex(({ alias }) => alias === devname);
  const device = consoles[index];
  if (!device) throw libvirtError('INTERNAL_ERROR', `cannot find console device '${devname ?? '<default>'}'`);
  return { path: device.sourcePath ?? '', index, controllerPid: record.controller.pid };
}

/**
 * Opens a console; throws SYSTEM_ERROR. `output`, a non-blocking descriptor of this process, is offered to the controller: what
 * the container writes then goes straight there, and only what the controller did not take the offer for comes from the stream.
 */
export function openConsole({ path, index, controllerPid }: DomainConsole, output?: number): ConsoleStream {
  const offer = (value: number) => linux.sigqueue(controllerPid, OFFER_SIGNAL, index * 0x10000 + value);
  // Before it is opened: what was written while nobody read comes with the opening.
  if (output !== undefined) offer(output);
  const fd = linux.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw systemError(`Unable to open '${path}'`, -fd);
  const controller = linux.pidfdOpen(controllerPid); // which becomes the aftermath
  return {
    fd,
    setWindowSize: (size) => {
      setWindowSize(fd, size);
      offer(RESIZE);
    },
    waitForAftermath: () => {
      if (controller >= 0) readable(controller, AFTERMATH_TIMEOUT_MS);
    },
    [Symbol.dispose]: () => {
      if (output !== undefined && offer(WITHDRAW) >= 0) pause(WITHDRAWAL_MS);
      linux.close(fd);
      if (controller >= 0) linux.close(controller);
    },
  };
}

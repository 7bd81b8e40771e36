// The host's end of a domain's console.

import { FIONBIO, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDWR, SO_SNDBUF, SO_SNDBUFFORCE, SOL_SOCKET } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { pause } from '../../../lib-native/pause.ts';
import { OFFER_SIGNAL, RESIZE, WITHDRAW } from '../../../lib-native/protocol.ts';
import { readable } from '../../../lib-native/readable.ts';
import type { DomainDefinition } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError, notRunning, systemError, unsupportedFlags } from '../../errors.ts';
import { setWindowSize } from '../../host/terminal.ts';
import { loadStatus } from '../../store/domain-documents.ts';
import { liveStatus } from '../../store/live-status.ts';
import { type Connection, requireWritable } from '../connection.ts';

export interface ConsoleStream extends Disposable {
  /** The slave of the host's pty: raw, read and write, non-blocking. */
  readonly fd: number;
  /** Of a console that was taken before its init ran: what is to be shown comes from here. Non-blocking. */
  readonly heldFd: number | undefined;
  /** Somebody reads `heldFd` from now on: little more is held, so that a ^C is not behind much. */
  show(): void;
  /** From now on the console's output goes its usual way, past this stream. */
  withdraw(): void;
  /** Gives the console the size (struct winsize) of the window that it is shown in. */
  setWindowSize(size: Buffer): void;
  /** Can be read when the domain's end has been seen to: what is asked of the domain then is answered as of a domain that is off. */
  readonly cleanupFd: number | undefined;
  /** Waits for that, after the domain's end. */
  waitForCleanup(): void;
}

const ON = Buffer.from([1, 0, 0, 0]);

/** What an init may write before anybody shows it: a hook may run until then. */
const HELD_BYTES = 4 << 20;
const SHOWN_BYTES = 64 << 10;

/** Hooks may take their time; the console does not wait for ever. */
export const CLEANUP_TIMEOUT_MS = 2000;

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
  return consoleOf(loadStatus(record).domain, devname, record.controller.pid);
}

function consoleOf({ devices: { consoles } }: DomainDefinition, devname: string | undefined, controllerPid: number): DomainConsole {
  const index = devname === undefined ? 0 : consoles.findIndex(({ alias }) => alias === devname);
  const device = consoles[index];
  if (!device) throw libvirtError('INTERNAL_ERROR', `cannot find console device '${devname ?? '<default>'}'`);
  return { path: device.sourcePath ?? '', index, controllerPid };
}

/** The first console of a domain that is being started: `live` is what it runs with. */
export const firstConsole = (live: DomainDefinition): DomainConsole => consoleOf(live, undefined, live.id!);

/**
 * Opens a console; throws SYSTEM_ERROR. `output`, a non-blocking descriptor of this process, is offered to the controller: what
 * the container writes then goes straight there, and only what the controller did not take the offer for comes from the stream.
 */
export function openConsole(found: DomainConsole, output?: number): ConsoleStream {
  return open(found, output, undefined);
}

/**
 * Takes a console whose container is about to run. All that it writes waits here until it is read, however soon it ends: a pty
 * would be gone with its controller. Throws SYSTEM_ERROR.
 */
export function takeConsole(found: DomainConsole): ConsoleStream {
  const pair = linux.socketpair();
  if (typeof pair === 'number') throw systemError('socketpair failed', -pair);
  for (const fd of pair) linux.ioctl(fd, FIONBIO, ON);
  setHolding(pair[1], HELD_BYTES);
  const close = () => {
    for (const fd of pair) linux.close(fd);
  };
  try {
    const stream = open(found, pair[1], pair[0]);
    return {
      ...stream,
      show: () => setHolding(pair[1], SHOWN_BYTES),
      [Symbol.dispose]: () => {
        stream[Symbol.dispose]();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** How much may be in a socket (socket(7)): root may ask for more than others. */
function setHolding(socket: number, bytes: number): void {
  for (const option of [SO_SNDBUF, SO_SNDBUFFORCE]) linux.setsockopt(socket, SOL_SOCKET, option, bytes);
}

function open({ path, index, controllerPid }: DomainConsole, output: number | undefined, heldFd: number | undefined): ConsoleStream {
  const offer = (value: number) => linux.sigqueue(controllerPid, OFFER_SIGNAL, index * 0x10000 + value);
  // Before it is opened: what was written while nobody read comes with the opening.
  if (output !== undefined) offer(output);
  const fd = linux.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw systemError(`Unable to open '${path}'`, -fd);
  const controller = linux.pidfdOpen(controllerPid); // which clears up at the end
  let isOffered = output !== undefined;
  const withdraw = () => {
    if (isOffered && offer(WITHDRAW) >= 0) pause(WITHDRAWAL_MS);
    isOffered = false;
  };
  return {
    fd,
    heldFd,
    cleanupFd: controller >= 0 ? controller : undefined,
    show: () => {},
    withdraw,
    setWindowSize: (size) => {
      setWindowSize(fd, size);
      offer(RESIZE);
    },
    waitForCleanup: () => {
      if (controller >= 0) readable(controller, CLEANUP_TIMEOUT_MS);
    },
    [Symbol.dispose]: () => {
      withdraw();
      linux.close(fd);
      if (controller >= 0) linux.close(controller);
    },
  };
}

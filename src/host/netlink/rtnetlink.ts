// The conversation with the kernel by netlink(7), most of it rtnetlink(7): one request, its answer. What the messages say is
// in link.ts, address.ts, neighbour.ts and tc.ts, and for the packet filter in nftables.ts.
import process from 'node:process';
import {
  AF_NETLINK,
  CLONE_NEWNET,
  EAGAIN,
  EINTR,
  ETIMEDOUT,
  MSG_DONTWAIT,
  MSG_TRUNC,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_ROUTE,
  O_RDONLY,
  POLLIN,
  SOCK_RAW,
  SOL_NETLINK,
} from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { type LibvirtError, libvirtError, systemError } from '../../errors.ts';
import {
  type Acknowledgement,
  decodeAcknowledgement,
  decodeMessages,
  encodeMessage,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  wasInterrupted,
} from './message.ts';

/** The kernel answers while it handles the request; this is only for a kernel that never does. */
const ANSWER_TIMEOUT_MS = 10_000;
/** The kernel puts at most 32 KiB into one datagram of a dump; single answers are smaller. */
const RECEIVE_BYTES = 64 * 1024;
const DUMP_ATTEMPTS = 10;

/** A netlink socket. It stays in the network namespace in which it was opened. */
export interface NetlinkSocket extends Disposable {
  /** Sends one request and waits for its acknowledgement. errno 0: done. */
  request(type: number, flags: number, parts: readonly Buffer[]): Acknowledgement;
  /** Sends one request that is answered by one message; the answer's payload, or what the kernel said instead. */
  get(type: number, parts: readonly Buffer[]): Buffer | Acknowledgement;
  /** The payloads of all messages of a dump; asked for again while it is disturbed by changes. Throws SYSTEM_ERROR. */
  dump(type: number, parts: readonly Buffer[]): Buffer[];
}

/** One that speaks of links, addresses, routes, neighbours and traffic control. */
export type RouteSocket = NetlinkSocket;

export const openRouteSocket = (): RouteSocket => openNetlinkSocket(NETLINK_ROUTE);

/** Throws SYSTEM_ERROR when a socket cannot be had. */
export function openNetlinkSocket(protocol: number): NetlinkSocket {
  const fd = linux.socket(AF_NETLINK, SOCK_RAW, protocol);
  if (fd < 0) throw systemError(`cannot connect to netlink socket with protocol ${protocol}`, -fd);
  // Older kernels know fewer of these; without them answers are longer, error texts absent and dumps slower.
  for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) linux.setsockopt(fd, SOL_NETLINK, option, 1);
  return new KernelNetlinkSocket(fd);
}

/** Runs `use` with a socket of this namespace. */
export function withRouteSocket<T>(use: (route: RouteSocket) => T): T {
  using route = openRouteSocket();
  return use(route);
}

/**
 * Runs `action` while the calling thread is in the network namespace of `nsFd`. What is meant to stay there is a socket
 * opened by it; everything else would still act on the own namespace's /sys and /proc. `action` must not be asynchronous:
 * only the main thread changes namespace, and nothing else may run on it meanwhile.
 *
 * Ends the process when there is no way back, because every later command would act on the wrong namespace.
 */
export function inNetworkNamespace<T>(nsFd: number, action: () => T): T {
  const home = linux.open('/proc/self/ns/net', O_RDONLY);
  if (home < 0) throw systemError('Unable to open /proc/self/ns/net', -home);
  try {
    const entered = linux.setns(nsFd, CLONE_NEWNET);
    if (entered < 0) throw systemError('Unable to enter network namespace', -entered);
    try {
      return action();
    } finally {
      if (linux.setns(home, CLONE_NEWNET) < 0) process.abort();
    }
  } finally {
    linux.close(home);
  }
}

/** SYSTEM_ERROR `what: strerror`, and in parentheses the kernel's own sentence where it gave one. */
export function explainedError(what: string, { errno, explanation }: Acknowledgement): LibvirtError {
  const plain = systemError(what, errno);
  return explanation ? libvirtError('SYSTEM_ERROR', `${plain.message} (${explanation})`, errno) : plain;
}

class KernelNetlinkSocket implements NetlinkSocket {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafe(RECEIVE_BYTES);
  #sequence = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  request(type: number, flags: number, parts: readonly Buffer[]): Acknowledgement {
    this.#send(type, flags | NLM_F_ACK, parts);
    for (;;) {
      for (const message of this.#receive()) {
        if (message.type === NLMSG_ERROR) return decodeAcknowledgement(message);
      }
    }
  }

  get(type: number, parts: readonly Buffer[]): Buffer | Acknowledgement {
    this.#send(type, 0, parts);
    for (;;) {
      for (const message of this.#receive()) {
        return message.type === NLMSG_ERROR ? decodeAcknowledgement(message) : Buffer.from(message.payload);
      }
    }
  }

  dump(type: number, parts: readonly Buffer[]): Buffer[] {
    for (let attempt = 1; ; attempt++) {
      this.#send(type, NLM_F_DUMP, parts);
      const { payloads, interrupted } = this.#collectDump();
      if (!interrupted || attempt === DUMP_ATTEMPTS) return payloads;
    }
  }

  #collectDump(): { payloads: Buffer[]; interrupted: boolean } {
    const payloads: Buffer[] = [];
    let interrupted = false;
    for (;;) {
      for (const message of this.#receive()) {
        interrupted ||= wasInterrupted(message);
        if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
          const { errno, explanation } = decodeAcknowledgement(message);
          if (errno !== 0) throw explainedError('netlink dump failed', { errno, ...(explanation ? { explanation } : {}) });
          return { payloads, interrupted };
        }
        payloads.push(Buffer.from(message.payload));
      }
    }
  }

  [Symbol.dispose](): void {
    linux.close(this.#fd);
  }

  #send(type: number, flags: number, parts: readonly Buffer[]): void {
    this.#sequence++;
    const sent = linux.send(this.#fd, encodeMessage(type, flags | NLM_F_REQUEST, this.#sequence, parts), 0);
    if (sent < 0) throw systemError('cannot send to netlink socket', -sent);
  }

  /** One datagram's messages that belong to the current request. */
  #receive(): NetlinkMessage[] {
    for (;;) {
      const datagram = this.#receiveDatagram();
      const messages = decodeMessages(datagram).filter(({ sequence }) => sequence === this.#sequence);
      if (messages.length > 0) return messages;
    }
  }

  #receiveDatagram(): Buffer {
    for (;;) {
      const length = linux.recv(this.#fd, this.#buffer, MSG_DONTWAIT | MSG_TRUNC);
      if (length > this.#buffer.length) throw libvirtError('INTERNAL_ERROR', `netlink message of ${length} bytes`);
      if (length >= 0) return this.#buffer.subarray(0, length);
      if (length === -EINTR) continue;
      if (length !== -EAGAIN) throw systemError('cannot receive from netlink socket', -length);
      const ready = linux.poll([{ fd: this.#fd, events: POLLIN }], ANSWER_TIMEOUT_MS);
      if (typeof ready === 'number' ? ready !== -EINTR : ready[0] === 0) {
        throw systemError('no valid netlink response was received', typeof ready === 'number' ? -ready : ETIMEDOUT);
      }
    }
  }
}

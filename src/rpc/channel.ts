// The two directions in which bytes go between a client and us.

import fs from 'node:fs';
import { EAGAIN, EINTR, FIONBIO, MSG_NOSIGNAL } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { errnoCode, strerror } from '../errors.ts';

/** The other side has closed its end, or there is no way to it any more. */
export class ClientGone extends Error {}

export interface Received {
  readonly bytes: Buffer;
  readonly fds: readonly number[];
}

export interface Channel {
  /** To be waited for; both may be one. */
  readonly input: number;
  readonly output: number;
  /** Descriptors pass, too. */
  readonly passesFds: boolean;
  /** read() that waits for something to be there: for a client's first calls, which come with no descriptors. */
  readFirst(into: Buffer): Received | undefined;
  /** From now on nothing waits but poll(2). */
  begin(): void;
  /** Reads what there is, with the descriptors that came with it. undefined: there is nothing now; no bytes: there will be no more. */
  read(into: Buffer): Received | undefined;
  /** Writes what there is room for, and a descriptor with its first byte. Returns how many bytes. Throws when the other side is gone. */
  write(data: Buffer, fd?: number): number;
}

/** Standard input and output: pipes, or a socket that is used as such. */
export function standardChannel(): Channel {
  return {
    input: 0,
    output: 1,
    passesFds: false,
    readFirst: (into) => readFrom(0, into),
    begin: () => noWaiting(0, 1),
    read: (into) => readFrom(0, into),
    write: (data) => writeTo(1, data),
  };
}

/** A UNIX socket that a service manager accepted for us. */
export function socketChannel(fd: number): Channel {
  return {
    input: fd,
    output: fd,
    passesFds: true,
    readFirst: (into) => readFrom(fd, into),
    begin: () => noWaiting(fd),
    read: (into) => {
      const got = linux.recvWithFds(fd, into, 0);
      if (typeof got === 'number') return unlessSocketBusy(got);
      return { bytes: into.subarray(0, got.bytes), fds: got.fds };
    },
    write: (data, passed) => {
      if (passed === undefined) return writeTo(fd, data);
      const sent = linux.sendWithFds(fd, data, [passed], MSG_NOSIGNAL);
      return sent < 0 ? (unlessSocketBusy(sent) ?? 0) : sent;
    },
  };
}

function noWaiting(...fds: number[]): void {
  const on = Buffer.from([1, 0, 0, 0]);
  for (const fd of fds) linux.ioctl(fd, FIONBIO, on);
}

const readFrom = (fd: number, into: Buffer): Received | undefined =>
  unlessBusy(() => ({ bytes: into.subarray(0, fs.readSync(fd, into)), fds: [] }));

/** The runtime ignores SIGPIPE. */
const writeTo = (fd: number, data: Buffer): number => unlessBusy(() => fs.writeSync(fd, data)) ?? 0;

/** Throws unless it is only that there is nothing now, or no room. */
function unlessSocketBusy(result: number): undefined {
  if (result === -EAGAIN || result === -EINTR) return undefined;
  throw new ClientGone(strerror(-result)); // whatever it is, nothing more comes of it
}

function unlessBusy<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    const code = errnoCode(error);
    if (code === 'EAGAIN' || code === 'EINTR') return undefined;
    throw new ClientGone(code);
  }
}

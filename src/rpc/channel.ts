// The two directions in which bytes go between a client and us.

import fs from 'node:fs';
import { FIONBIO } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { errnoCode } from '../errors.ts';

export interface Channel {
  /** To be waited for; both may be one. */
  readonly input: number;
  readonly output: number;
  /** Descriptors pass, too. */
  readonly passesFds: boolean;
  /** Reads what there is, with the descriptors that came with it. undefined: there is nothing now; no bytes: there will be no more. */
  read(into: Buffer): { bytes: Buffer; fds: readonly number[] } | undefined;
  /** Writes what there is room for, and a descriptor with its first byte. Returns how many bytes. Throws when the other side is gone. */
  write(data: Buffer, fd?: number): number;
}

const ON = Buffer.from([1, 0, 0, 0]);

/** Standard input and output: pipes, or a socket that is used as such. */
export function standardChannel(): Channel {
  for (const fd of [0, 1]) linux.ioctl(fd, FIONBIO, ON);
  return {
    input: 0,
    output: 1,
    passesFds: false,
    read: (into) => unlessBusy(() => ({ bytes: into.subarray(0, fs.readSync(0, into)), fds: [] })),
    write: (data) => unlessBusy(() => fs.writeSync(1, data)) ?? 0,
  };
}

function unlessBusy<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    const code = errnoCode(error);
    if (code === 'EAGAIN' || code === 'EINTR') return undefined;
    throw error;
  }
}

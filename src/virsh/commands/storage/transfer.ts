// The bytes of vol-upload and vol-download.
import fs from 'node:fs';
import { libvirtError, systemError } from '../../../errors.ts';
import { failure } from '../../command.ts';

const AT_ONCE = 1024 * 1024;

/** The user's file. Throws virsh's one line where it cannot be had. */
export function openLocal(path: string, to: 'read' | 'write'): { fd: number; close(): void } {
  try {
    const fd = fs.openSync(path, to === 'read' ? 'r' : 'w', 0o666);
    return { fd, close: () => fs.closeSync(fd) };
  } catch (error) {
    throw failure(`cannot ${to === 'read' ? 'read' : 'create'} ${path}`, error);
  }
}

export interface Transfer {
  from: number;
  to: number;
  fromAt: number;
  toAt: number;
  /** At most so many bytes; undefined: all. */
  length: number | undefined;
  /** Blocks of zeros become holes. */
  sparse: boolean;
  /** More than `length` is an error. */
  wholeOnly: boolean;
  /** What is written to ends where what is written ends. */
  endsThere: boolean;
}

/** Closes `to` or `from`, whichever is the volume: the one that is not closed by who opened it. Throws SYSTEM_ERROR. */
export function copyBytes({ from, to, fromAt, toAt, length, sparse, wholeOnly, endsThere }: Transfer): void {
  const volume = endsThere ? from : to;
  try {
    const size = fs.fstatSync(from).isFile() ? fs.fstatSync(from).size - fromAt : undefined;
    if (wholeOnly && length !== undefined && size !== undefined && size > length) throw new RangeError('No space left on device');
    const buffer = Buffer.alloc(AT_ONCE);
    let done = 0;
    for (;;) {
      const wanted = length === undefined ? buffer.length : Math.min(buffer.length, length - done);
      // A pipe has no places.
      const count = wanted === 0 ? 0 : fs.readSync(from, buffer, 0, wanted, size === undefined ? null : fromAt + done);
      if (count === 0) break;
      if (!(sparse && buffer.subarray(0, count).every((byte) => byte === 0))) write(to, buffer, count, toAt + done);
      done += count;
    }
    const end = toAt + done;
    if (endsThere || (sparse && fs.fstatSync(to).size < end)) {
      if (fs.fstatSync(to).isFile()) fs.ftruncateSync(to, end);
    }
  } catch (error) {
    if (error instanceof RangeError) throw libvirtError('PLAIN', `cannot write to stream: ${error.message}`);
    throw systemError('cannot copy', error);
  } finally {
    fs.closeSync(volume);
  }
}

function write(fd: number, buffer: Buffer, length: number, at: number): void {
  const seekable = fs.fstatSync(fd).isFile();
  for (let written = 0; written < length; ) written += fs.writeSync(fd, buffer, written, length - written, seekable ? at + written : null);
}

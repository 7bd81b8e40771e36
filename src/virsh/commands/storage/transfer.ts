// The bytes of vol-upload and vol-download.
import fs from 'node:fs';
import { libvirtError, systemError } from '../../../errors.ts';
import { failure } from '../../command.ts';

const AT_ONCE = 1024 * 1024;

/** A descriptor that is closed with what holds it. */
export const held = (fd: number): Disposable & { fd: number } => ({ fd, [Symbol.dispose]: () => fs.closeSync(fd) });

/** The user's file. Throws virsh's one line where it cannot be had. */
export function openLocal(path: string, to: 'read' | 'write'): Disposable & { fd: number } {
  try {
    return held(fs.openSync(path, to === 'read' ? 'r' : 'w', 0o666));
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

/** Throws SYSTEM_ERROR; what was copied by then stays. */
export function copyBytes({ from, to, fromAt, toAt, length, sparse, wholeOnly, endsThere }: Transfer): void {
  try {
    const source = fs.fstatSync(from);
    const size = source.isFile() ? source.size - fromAt : undefined;
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
    const target = fs.fstatSync(to);
    if (target.isFile() && (endsThere || (sparse && target.size < end))) fs.ftruncateSync(to, end);
  } catch (error) {
    if (error instanceof RangeError) throw libvirtError('PLAIN', `cannot write to stream: ${error.message}`);
    throw systemError('cannot copy', error);
  }
}

function write(fd: number, buffer: Buffer, length: number, at: number): void {
  const seekable = fs.fstatSync(fd).isFile();
  for (let written = 0; written < length; ) written += fs.writeSync(fd, buffer, written, length - written, seekable ? at + written : null);
}

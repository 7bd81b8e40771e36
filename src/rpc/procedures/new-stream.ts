// The serial of a call that opens a stream is that stream's number.

import { libvirtError } from '../../errors.ts';
import type { Context } from '../procedure.ts';

/** Each holds a descriptor and some memory. */
const MOST_STREAMS = 256;

/** Throws OPERATION_FAILED where there are too many, INTERNAL_ERROR where the number is that of another stream, which nobody could get at any more. */
export function requireNewStream({ client, header }: Pick<Context, 'client' | 'header'>): void {
  if (client.streams.size >= MOST_STREAMS) throw libvirtError('OPERATION_FAILED', `more than ${MOST_STREAMS} streams of one connection`);
  if (client.streams.has(header.serial)) throw libvirtError('INTERNAL_ERROR', 'a stream of this number is open');
}

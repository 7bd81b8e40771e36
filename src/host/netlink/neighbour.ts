// The neighbour tables: which link-layer address answered for which IP address (RTM_GETNEIGH, linux/neighbour.h).

import { ipText } from './ip-bytes.ts';
import { decodeAttributes } from './message.ts';
import type { RouteSocket } from './rtnetlink.ts';

const RTM_GETNEIGH = 30;
const NDA_DST = 1;
const NDA_LLADDR = 2;
/** NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP: nobody answered, or nobody was asked. */
const UNUSABLE_STATES = 0x01 | 0x20 | 0x40;

export interface Neighbour {
  linkIndex: number;
  address: string;
  family: 'ipv4' | 'ipv6';
  /** Lower case. */
  mac: string;
}

/** The entries that are, or were until a moment ago, good. */
export function listNeighbours(route: RouteSocket): Neighbour[] {
  const neighbours: Neighbour[] = [];
  for (const payload of route.dump(RTM_GETNEIGH, [Buffer.alloc(12)])) {
    const state = payload.readUInt16LE(8);
    const attributes = decodeAttributes(payload.subarray(12));
    const destination = attributes.get(NDA_DST);
    const mac = attributes.get(NDA_LLADDR);
    if (!destination || !mac || state === 0 || state & UNUSABLE_STATES) continue;
    neighbours.push({
      linkIndex: payload.readInt32LE(4),
      address: ipText(destination),
      family: destination.length === 4 ? 'ipv4' : 'ipv6',
      mac: mac.toString('hex').replace(/..(?=.)/g, '$&:'),
    });
  }
  return neighbours;
}

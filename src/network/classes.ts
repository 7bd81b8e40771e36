// Classes of guaranteed bandwidth: each port with a floor has one. What is taken of them follows from the ports, and stands in the
// network's status as libvirt has it there.
import { formatBitmap } from '../values/bitmap.ts';

/** 0 is none, 1 the whole rate of the network, 2 what nobody is guaranteed. */
const RESERVED = [0, 1, 2];

/** What a port has of the guaranteed bandwidth. */
export interface PortClass {
  id: number;
  /** Kilobytes per second. */
  floor: number;
}

export function freeClassId(taken: readonly PortClass[]): number {
  const used = new Set([...RESERVED, ...taken.map(({ id }) => id)]);
  let id = RESERVED.length;
  while (used.has(id)) id++;
  return id;
}

/** The same in a status: the classes that are taken, and what is guaranteed altogether. */
export interface ClassNote {
  bitmap: string;
  sum: number;
}

export function classNote(taken: readonly PortClass[]): ClassNote {
  const ids = [...RESERVED, ...taken.map(({ id }) => id)].sort((a, b) => a - b);
  return { bitmap: formatBitmap(ids), sum: taken.reduce((total, { floor }) => total + floor, 0) };
}

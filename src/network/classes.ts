// Classes of guaranteed bandwidth: each port with a floor has one. What is taken of them follows from the ports, and stands in the
// network's status as libvirt has it there. By patterns: the end of every domain in a network comes by here.
import { formatBitmap } from '../domain/bitmap.ts';

/** 0 is none, 1 the whole rate of the network, 2 what nobody is guaranteed. */
const RESERVED = [0, 1, 2];

/** What the document of a port says of its class. */
export interface PortClass {
  id: number;
  /** Kilobytes per second. */
  floor: number;
}

export function portClass(document: string): PortClass | undefined {
  const id = /^ *<bandwidth classID='(\d+)'/m.exec(document)?.[1];
  if (id === undefined) return undefined;
  return { id: Number(id), floor: Number(/^ *<inbound [^>]*\bfloor='(\d+)'/m.exec(document)?.[1] ?? 0) };
}

export function freeClassId(taken: readonly PortClass[]): number {
  const used = new Set([...RESERVED, ...taken.map(({ id }) => id)]);
  let id = RESERVED.length;
  while (used.has(id)) id++;
  return id;
}

/** The status document of a network whose ports have these classes. */
export function withClasses(status: string, taken: readonly PortClass[]): string {
  const ids = [...RESERVED, ...taken.map(({ id }) => id)].sort((a, b) => a - b);
  const sum = taken.reduce((total, { floor }) => total + floor, 0);
  return status.replace(/^( *<class_id bitmap=')[^']*/m, `$1${formatBitmap(ids)}`).replace(/^( *<floor sum=')[^']*/m, `$1${sum}`);
}

// Names of disks, what they say of bus and place, and how disks are told apart.

import { libvirtError } from '../../errors.ts';
import { echoedElement } from '../../xml/echoed.ts';
import type { DiskDevice } from '../definition.ts';
import { entryOf } from '../table.ts';

/** Prefixes of target names that tell their bus. */
const NAME_PREFIXES: readonly [prefix: string, bus: string][] = [
  ['fd', 'fdc'],
  ['hd', 'ide'],
  ['vd', 'virtio'],
  ['sd', 'scsi'],
  ['xvd', 'xen'],
  ['ubd', 'uml'],
];

/** In libvirt's words: what a document that only names a disk says where it gives no target. */
export const NOBODYS_TARGET = '(null)';

/** The bus that a name stands for. */
export function busOf(dev: string): string {
  return NAME_PREFIXES.find(([prefix]) => dev.startsWith(prefix))?.[1] ?? 'ide';
}

/** `vdaa` is 26; undefined for a name that follows no scheme. */
export function diskIndex(dev: string): number | undefined {
  const prefix = [...NAME_PREFIXES.map(([known]) => known)].find((known) => dev.startsWith(known));
  const letters = prefix === undefined ? undefined : /^([a-z]+)[0-9]*$/.exec(dev.slice(prefix.length))?.[1];
  if (letters === undefined) return undefined;
  let index = 0;
  for (const letter of letters) index = index * 26 + (letter.charCodeAt(0) - 0x60);
  return index - 1;
}

/** Disks in the order in which insertDisk() puts them one after the other: together by their written bus, by name within it. */
export function orderDisks(disks: readonly [disk: DiskDevice, busGiven: string][]): DiskDevice[] {
  const groups = new Map<string, [disk: DiskDevice, index: number][]>();
  for (const [disk, bus] of disks) {
    const group = groups.get(bus);
    const entry: [DiskDevice, number] = [disk, diskIndex(disk.target.dev) ?? -1];
    if (group) group.push(entry);
    else groups.set(bus, [entry]);
  }
  return [...groups.values()].flatMap((group) => group.sort(([, a], [, b]) => a - b).map(([disk]) => disk));
}

/** Inserts by name among disks of the same written bus; a bus that was only guessed counts as none. */
export function insertDisk(disks: DiskDevice[], disk: DiskDevice, busGiven: (disk: DiskDevice) => string): void {
  const index = diskIndex(disk.target.dev) ?? -1;
  let at = -1;
  for (let i = disks.length - 1; i >= 0; i--) {
    const other = disks[i] as DiskDevice;
    if (busGiven(other) !== busGiven(disk)) continue;
    if ((diskIndex(other.target.dev) ?? -1) > index) at = i;
    else if (at < 0) at = i + 1;
  }
  disks.splice(at < 0 ? disks.length : at, 0, disk);
}

/** Two disks in one place. */
export function validateDriveAddresses(disks: readonly DiskDevice[]): void {
  const seen = new Set<string>();
  for (const disk of [...disks].reverse()) {
    const { address } = disk;
    if (address?.attributes[0]?.[1] !== 'drive') continue;
    const place = address.attributes
      .slice(1)
      .map(([name, value]) => `${name}='${value}'`)
      .join(' ');
    const key = `${disk.target.bus} ${place}`;
    if (seen.has(key))
      throw libvirtError('CONFIG_UNSUPPORTED', `Found duplicate drive address for disk with target name '${disk.target.dev}' ${place}`);
    seen.add(key);
  }
}

/** Disks of one target cannot live together. */
export function validateDiskTargets(disks: readonly DiskDevice[]): void {
  const seen = new Map<string, DiskDevice>();
  for (const disk of disks) {
    const other = seen.get(disk.target.dev);
    if (other)
      throw libvirtError(
        'XML_ERROR',
        `target '${disk.target.dev}' duplicated for disk sources '${other.source ?? '(null)'}' and '${disk.source ?? '(null)'}'`,
      );
    seen.set(disk.target.dev, disk);
  }
}

/** Disks for each controller, and how an index splits into bus, target and unit. */
export const DRIVE_ADDRESSES: Readonly<Record<string, (index: number) => [controller: number, bus: number, target: number, unit: number]>> =
  {
    scsi: (index) => [Math.floor(index / 7), 0, 0, index % 7],
    ide: (index) => [Math.floor(index / 4), Math.floor((index % 4) / 2), 0, index % 2],
    fdc: (index) => [Math.floor(index / 2), 0, 0, index % 2],
    sata: (index) => [Math.floor(index / 6), 0, 0, index % 6],
  };

/** Where a disk of a controller's bus is attached, if it does not say so. */
export function assignDriveAddress(disk: DiskDevice): void {
  if (disk.address || disk.target.dev === NOBODYS_TARGET) return;
  const split = entryOf(DRIVE_ADDRESSES, disk.target.bus);
  const index = diskIndex(disk.target.dev);
  if (index === undefined) throw libvirtError('XML_ERROR', `Unknown disk name '${disk.target.dev}' and no address specified`);
  if (split === undefined) return;
  const [controller, bus, target, unit] = split(index);
  disk.address = echoedElement('address', [
    ['type', 'drive'],
    ['controller', String(controller)],
    ['bus', String(bus)],
    ['target', String(target)],
    ['unit', String(unit)],
  ]);
}

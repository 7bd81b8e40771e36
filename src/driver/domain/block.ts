// Block device limits and statistics of a domain: blkiotune, domblkstat.

import { ENOENT } from '../../../lib-native/constants.ts';
import { cgroupOf } from '../../container/definitions.ts';
import { blockDeviceOf } from '../../container/devices.ts';
import { hostPath } from '../../container/host-path.ts';
import type { BlkioDevice, DomainDefinition } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError, systemError } from '../../errors.ts';
import { type StorageSizes, storageAt } from '../../host/block-device.ts';
import {
  type BlkioStats,
  blkioStats,
  changeBlkioTuning,
  type DeviceChange,
  type DeviceLimit,
  readBlkioWeight,
} from '../../host/cgroup/blkio.ts';
import { blockDeviceNumber } from '../../host/device-number.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { goesBeyondLibvirt, requireBeyondLibvirt } from '../functions.ts';
import { type Affect, affected, queried } from './affect.ts';
import { changeDomain, readDomain } from './change.ts';

/** Limits of single devices, as libvirt calls them, and as the definition does. */
const DEVICE_LIMITS = {
  device_weight: 'weight',
  device_read_iops_sec: 'readIopsSec',
  device_write_iops_sec: 'writeIopsSec',
  device_read_bytes_sec: 'readBytesSec',
  device_write_bytes_sec: 'writeBytesSec',
} as const satisfies Record<string, DeviceLimit>;

export type DeviceParameter = keyof typeof DEVICE_LIMITS;
export const DEVICE_PARAMETERS = Object.keys(DEVICE_LIMITS) as readonly DeviceParameter[];

export interface BlockTuning {
  /** 0: none set. */
  weight: number;
  /** `PATH,VALUE,PATH,VALUE…`. Differs from libvirt: an empty path is refused, as a definition with one cannot be read again. */
  devices: Record<DeviceParameter, string>;
}

export interface BlockTuningChanges {
  weight: number | undefined;
  devices: Partial<Record<DeviceParameter, string>>;
}

export function blockTuning(connection: Connection, ref: DomainRef, affect: Affect): BlockTuning {
  const image = readDomain(connection, ref);
  const { definition, isLive } = queried(image, affect);
  const { blkiotune } = definition;
  const devices = Object.fromEntries(
    Object.entries(DEVICE_LIMITS).map(([parameter, name]) => [
      parameter,
      blkiotune.devices.flatMap((device) => (device[name] ? [`${device.path},${device[name]}`] : [])).join(','),
    ]),
  ) as Record<DeviceParameter, string>;
  return { weight: (isLive ? readBlkioWeight(cgroupOf(image)) : undefined) ?? blkiotune.weight ?? 0, devices };
}

/** Throws INVALID_ARG for a malformed list of devices; OPERATION_INVALID, SYSTEM_ERROR from the cgroup. A value of 0 takes a limit away. */
export function setBlockTuning(connection: Connection, ref: DomainRef, { weight, devices }: BlockTuningChanges, affect: Affect): void {
  requireWritable(connection, 'virDomainSetBlkioParameters');
  changeDomain(connection, ref, (image) => {
    const { live, config } = affected(image, affect);
    const changes = deviceChanges(devices);
    if (live) changeBlkioTuning(cgroupOf(image), weight, changes);
    const change = (definition: DomainDefinition): DomainDefinition => {
      const { blkiotune } = definition;
      const merged = changes.reduce(withLimit, blkiotune.devices);
      return { ...definition, blkiotune: { ...blkiotune, ...(weight !== undefined && { weight }), devices: merged } };
    };
    return { ...(live && { live: change(image.live!) }), ...(config && { config: change(image.config!) }) };
  });
}

/** Throws INVALID_ARG: of several mistakes the last one, which is what libvirt is left with. */
function deviceChanges(devices: BlockTuningChanges['devices']): DeviceChange[] {
  const changes: DeviceChange[] = [];
  let mistake: unknown;
  for (const parameter of DEVICE_PARAMETERS) {
    const text = devices[parameter];
    if (text === undefined) continue;
    try {
      for (const { path, value } of parseDevices(parameter, text)) changes.push({ path, name: DEVICE_LIMITS[parameter], value });
    } catch (error) {
      mistake = error;
    }
  }
  if (mistake !== undefined) throw mistake;
  return changes;
}

function withLimit(devices: BlkioDevice[], { path, name, value }: DeviceChange): BlkioDevice[] {
  const known = devices.some((device) => device.path === path);
  const all = known ? devices : [...devices, { path }];
  return all.map((device) => {
    if (device.path !== path) return device;
    const { [name]: _, ...rest } = device;
    return value === 0 ? rest : { ...rest, [name]: value };
  });
}

/** `PATH,VALUE,PATH,VALUE…` */
function parseDevices(parameter: DeviceParameter, text: string): { path: string; value: number }[] {
  const words = text.split(',');
  if (words.length % 2 !== 0 || words.some((word, at) => at % 2 === 0 && word === ''))
    throw libvirtError('INVALID_ARG', `unable to parse blkio device '${parameter}' '${text}'`);
  const most = parameter.includes('bytes') ? Number.MAX_SAFE_INTEGER : 2 ** 32 - 1;
  const pairs = [];
  for (let at = 0; at < words.length; at += 2) {
    const [path, word] = [words[at]!, words[at + 1]!];
    const value = /^\d+$/.test(word) ? Number(word) : Number.NaN;
    if (!(value <= most)) throw libvirtError('INVALID_ARG', `invalid value '${word}' for parameter '${parameter}' of device '${path}'`);
    pairs.push({ path, value });
  }
  return pairs;
}

/**
 * What the container's processes read from and wrote to block devices: all of them, or the disk that `device` names by
 * its target or source. Throws INVALID_ARG for a disk that the domain has not.
 */
export function blockStats(connection: Connection, ref: DomainRef, device: string): BlkioStats {
  const image = readDomain(connection, ref);
  const cgroup = cgroupOf(image);
  if (device === '') return sum([...blkioStats(cgroup).values()]);
  const disk = image.live?.devices.disks.find(({ target, source }) => target.dev === device || source === device);
  if (!disk) throw libvirtError('INVALID_ARG', `invalid path: ${device}`);
  // libvirt's driver gives disks no aliases, and knows no figures of a disk without one.
  if (disk.alias === undefined && !goesBeyondLibvirt())
    throw libvirtError('INTERNAL_ERROR', `missing disk device alias name for ${disk.target.dev}`);
  const source = blockDeviceOf(disk);
  const number = source === undefined ? undefined : blockDeviceNumber(source);
  return sum([...blkioStats(cgroup)].flatMap(([other, stats]) => (other === number ? [stats] : [])));
}

const sum = (all: readonly BlkioStats[]): BlkioStats => ({
  readRequests: all.reduce((total, { readRequests }) => total + readRequests, 0n),
  readBytes: all.reduce((total, { readBytes }) => total + readBytes, 0n),
  writeRequests: all.reduce((total, { writeRequests }) => total + writeRequests, 0n),
  writeBytes: all.reduce((total, { writeBytes }) => total + writeBytes, 0n),
});

/**
 * Sizes of the disk that `device` names by its target or source; while the domain is off, of the one that is stored. Throws
 * INVALID_ARG for a disk that the domain has not, or that has nothing in it, SYSTEM_ERROR for one whose source is not there.
 */
export function blockInfo(connection: Connection, ref: DomainRef, device: string): StorageSizes {
  requireBeyondLibvirt('virDomainGetBlockInfo');
  const { live, config } = readDomain(connection, ref);
  const disk = (live ?? config)!.devices.disks.find(({ target, source }) => target.dev === device || source === device);
  if (!disk) throw libvirtError('INVALID_ARG', `invalid path ${device} not assigned to domain`);
  const { source } = disk;
  if (source === undefined) throw libvirtError('INVALID_ARG', `disk '${device}' does not currently have a source assigned`);
  const storage = storageAt(hostPath(source), live ? blockDeviceOf(disk) : undefined);
  if (!storage) throw systemError(`cannot stat file '${source}'`, ENOENT);
  return storage.sizes;
}

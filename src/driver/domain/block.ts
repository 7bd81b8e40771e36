// Block device limits and statistics of a domain: blkiotune, domblkstat.

import { cgroupOf } from '../../container/definitions.ts';
import { blockDeviceOf } from '../../container/devices.ts';
import type { BlkioDevice, DomainDefinition } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import type { DomainCgroup } from '../../host/cgroup/cgroup.ts';
import { applyLimits, type Limit, noDeviceWeights } from '../../host/cgroup/limits.ts';
import { blockDeviceNumber } from '../../host/device-number.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { type Affect, affected, queried } from './affect.ts';
import { changeDomain, readDomain } from './change.ts';

/** A limit of single devices: how libvirt calls it, where the definition keeps it, which cgroup files it goes to. */
const DEVICE_LIMITS = [
  { parameter: 'device_weight', field: 'weight', v1: 'blkio.weight_device', v2: '' },
  { parameter: 'device_read_iops_sec', field: 'readIopsSec', v1: 'blkio.throttle.read_iops_device', v2: 'riops' },
  { parameter: 'device_write_iops_sec', field: 'writeIopsSec', v1: 'blkio.throttle.write_iops_device', v2: 'wiops' },
  { parameter: 'device_read_bytes_sec', field: 'readBytesSec', v1: 'blkio.throttle.read_bps_device', v2: 'rbps' },
  { parameter: 'device_write_bytes_sec', field: 'writeBytesSec', v1: 'blkio.throttle.write_bps_device', v2: 'wbps' },
] as const;

export type DeviceParameter = (typeof DEVICE_LIMITS)[number]['parameter'];
type DeviceField = (typeof DEVICE_LIMITS)[number]['field'];

export const DEVICE_PARAMETERS: readonly DeviceParameter[] = DEVICE_LIMITS.map(({ parameter }) => parameter);

export interface BlockTuning {
  /** 0: none set. */
  weight: number;
  /** `PATH,VALUE,PATH,VALUE…` */
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
    DEVICE_LIMITS.map(({ parameter, field }) => [
      parameter,
      blkiotune.devices.flatMap((device) => (device[field] ? [`${device.path},${device[field]}`] : [])).join(','),
    ]),
  ) as Record<DeviceParameter, string>;
  return { weight: (isLive ? groupWeight(cgroupOf(image)) : undefined) ?? blkiotune.weight ?? 0, devices };
}

/** Throws INVALID_ARG for a malformed list of devices; OPERATION_INVALID, SYSTEM_ERROR from the group. A value of 0 takes a limit away. */
export function setBlockTuning(connection: Connection, ref: DomainRef, { weight, devices }: BlockTuningChanges, affect: Affect): void {
  requireWritable(connection, 'virDomainSetBlkioParameters');
  changeDomain(connection, ref, (image) => {
    const { live, config } = affected(image, affect);
    const changes = deviceChanges(devices);
    if (live) applyChanges(cgroupOf(image), weight, changes);
    const change = (definition: DomainDefinition): DomainDefinition => {
      const { blkiotune } = definition;
      const merged = changes.reduce((known, { limit, path, value }) => withLimit(known, path, limit.field, value), blkiotune.devices);
      return { ...definition, blkiotune: { ...blkiotune, ...(weight !== undefined && { weight }), devices: merged } };
    };
    return { ...(live && { live: change(image.live!) }), ...(config && { config: change(image.config!) }) };
  });
}

interface DeviceChange {
  limit: (typeof DEVICE_LIMITS)[number];
  path: string;
  value: number;
}

/** Throws INVALID_ARG: of several mistakes the last one, which is what libvirt is left with. */
function deviceChanges(devices: BlockTuningChanges['devices']): DeviceChange[] {
  const changes: DeviceChange[] = [];
  let mistake: unknown;
  for (const limit of DEVICE_LIMITS) {
    const text = devices[limit.parameter];
    if (text === undefined) continue;
    try {
      for (const { path, value } of parseDevices(limit.parameter, text)) changes.push({ limit, path, value });
    } catch (error) {
      mistake = error;
    }
  }
  if (mistake !== undefined) throw mistake;
  return changes;
}

function withLimit(devices: readonly BlkioDevice[], path: string, field: DeviceField, value: number): BlkioDevice[] {
  const known = devices.some((device) => device.path === path);
  const all = known ? devices : [...devices, { path }];
  return all.map((device) => {
    if (device.path !== path) return device;
    const { [field]: _, ...rest } = device;
    return value === 0 ? rest : { ...rest, [field]: value };
  });
}

/** `PATH,VALUE,PATH,VALUE…` */
function parseDevices(parameter: DeviceParameter, text: string): { path: string; value: number }[] {
  const words = text.split(',');
  if (words.length % 2 !== 0) throw libvirtError('INVALID_ARG', `unable to parse blkio device '${parameter}' '${text}'`);
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

const WEIGHT_FILES = { 1: ['blkio.bfq.weight', 'blkio.weight'], 2: ['io.bfq.weight', 'io.weight'] } as const;
const DEVICE_WEIGHT_FILES = { 1: ['blkio.bfq.weight_device', 'blkio.weight_device'], 2: ['io.bfq.weight', 'io.weight'] } as const;

function applyChanges(group: DomainCgroup, weight: number | undefined, changes: readonly DeviceChange[]): void {
  const { version } = group.layout;
  const limits: Limit[] = [];
  if (weight !== undefined) {
    limits.push({
      controller: 'blkio',
      files: usableFiles(group, WEIGHT_FILES[version]),
      value: version === 2 ? `default ${weight}` : String(weight),
    });
  }
  for (const { limit, path, value } of changes) {
    if (limit.parameter === 'device_weight') {
      const files = usableFiles(group, DEVICE_WEIGHT_FILES[version]);
      limits.push({ controller: 'blkio', files, value: `${blockDeviceNumber(path)} ${version === 2 && value === 0 ? 'default' : value}` });
    } else {
      const text = version === 2 ? `${limit.v2}=${value || 'max'}` : String(value);
      limits.push({ controller: 'blkio', files: [version === 2 ? 'io.max' : limit.v1], value: `${blockDeviceNumber(path)} ${text}` });
    }
  }
  applyLimits(group, limits);
}

function usableFiles(group: DomainCgroup, files: readonly string[]): string[] {
  const usable = files.filter((file) => group.has('blkio', file));
  if (usable.length === 0) throw noDeviceWeights();
  return usable;
}

/** The group's weight; undefined where the kernel has no scheduler that knows weights. */
function groupWeight(group: DomainCgroup): number | undefined {
  const file = WEIGHT_FILES[group.layout.version].find((candidate) => group.has('blkio', candidate));
  if (file === undefined) return undefined;
  const match = /^(?:default )?(\d+)/m.exec(group.read('blkio', file));
  return match ? Number(match[1]) : undefined;
}

export interface BlockStats {
  readRequests: bigint;
  readBytes: bigint;
  writeRequests: bigint;
  writeBytes: bigint;
}

/**
 * What the container's processes read from and wrote to block devices: all of them, or the disk that `device` names by
 * its target or source. Throws INVALID_ARG for a disk that the domain has not.
 */
export function blockStats(connection: Connection, ref: DomainRef, device: string): BlockStats {
  const image = readDomain(connection, ref);
  const group = cgroupOf(image);
  if (device === '') return group.layout.version === 1 ? statsV1(group, undefined) : statsV2(group, undefined);
  const disk = image.live?.devices.disks.find(({ target, source }) => target.dev === device || source === device);
  if (!disk) throw libvirtError('INVALID_ARG', `invalid path: ${device}`);
  const source = blockDeviceOf(disk);
  const number = source === undefined ? '-' : blockDeviceNumber(source);
  return group.layout.version === 1 ? statsV1(group, number) : statsV2(group, number);
}

/** Lines `MAJOR:MINOR Read N` and `MAJOR:MINOR Write N` (blkio-controller.txt). */
function statsV1(group: DomainCgroup, number: string | undefined): BlockStats {
  const sum = (file: string, operation: string) => {
    let total = 0n;
    for (const line of group.read('blkio', file).split('\n')) {
      const [device, kind, value] = line.split(' ');
      if (kind === operation && value !== undefined && (number === undefined || device === number)) total += BigInt(value);
    }
    return total;
  };
  return {
    readRequests: sum('blkio.throttle.io_serviced', 'Read'),
    readBytes: sum('blkio.throttle.io_service_bytes', 'Read'),
    writeRequests: sum('blkio.throttle.io_serviced', 'Write'),
    writeBytes: sum('blkio.throttle.io_service_bytes', 'Write'),
  };
}

/** Lines `MAJOR:MINOR rbytes=N wbytes=N rios=N wios=N …` (cgroup-v2.rst). */
function statsV2(group: DomainCgroup, number: string | undefined): BlockStats {
  const stats: BlockStats = { readRequests: 0n, readBytes: 0n, writeRequests: 0n, writeBytes: 0n };
  for (const line of group.read('blkio', 'io.stat').split('\n')) {
    const [device, ...fields] = line.split(' ');
    if (number !== undefined && device !== number) continue;
    const values = new Map(fields.map((field) => field.split('=') as [string, string]));
    stats.readRequests += BigInt(values.get('rios') ?? 0);
    stats.readBytes += BigInt(values.get('rbytes') ?? 0);
    stats.writeRequests += BigInt(values.get('wios') ?? 0);
    stats.writeBytes += BigInt(values.get('wbytes') ?? 0);
  }
  return stats;
}

// Weights and rates of block devices, and what was read and written: blkio of v1 (cgroup-v1/blkio-controller.rst), io of v2
// (cgroup-v2.rst).
import type { BlkioDevice, DomainDefinition } from '../../domain/definition.ts';
import { libvirtError } from '../../errors.ts';
import { blockDeviceNumber } from '../device-number.ts';
import type { DomainCgroup } from './cgroup.ts';
import { applyLimits, type Limit } from './limit.ts';

/** Which file there is depends on the scheduler. */
const WEIGHT_FILES = { 1: ['blkio.bfq.weight', 'blkio.weight'], 2: ['io.bfq.weight', 'io.weight'] } as const;
const DEVICE_WEIGHT_FILES = { 1: ['blkio.bfq.weight_device', 'blkio.weight_device'], 2: ['io.bfq.weight', 'io.weight'] } as const;

/** Rates have a file each in v1, and a word in `io.max` in v2. */
const RATES = {
  readIopsSec: { file: 'blkio.throttle.read_iops_device', word: 'riops' },
  writeIopsSec: { file: 'blkio.throttle.write_iops_device', word: 'wiops' },
  readBytesSec: { file: 'blkio.throttle.read_bps_device', word: 'rbps' },
  writeBytesSec: { file: 'blkio.throttle.write_bps_device', word: 'wbps' },
} as const satisfies Record<Exclude<DeviceLimit, 'weight'>, unknown>;

export type DeviceLimit = Exclude<keyof BlkioDevice, 'path'>;
const DEVICE_LIMITS: readonly DeviceLimit[] = ['weight', ...(Object.keys(RATES) as (keyof typeof RATES)[])];

const NO_SCHEDULER = 'blkio device weight is valid only for bfq or cfq scheduler';
/** libvirt's words for a running domain, and for a device whose scheduler knows no weights. */
const NOT_THIS_SCHEDULER = 'blkio device weight is valid only for cfq scheduler';

const limit = (files: readonly string[], value: string): Limit => ({ controller: 'blkio', files, value, unsupported: NOT_THIS_SCHEDULER });

const weightLimit = (weight: number, version: 1 | 2): Limit =>
  limit(WEIGHT_FILES[version], version === 2 ? `default ${weight}` : String(weight));

/** `number`: `major:minor`. A value of 0 takes a limit away. */
function deviceLimit(number: string, name: DeviceLimit, value: number, version: 1 | 2): Limit {
  if (name === 'weight') return limit(DEVICE_WEIGHT_FILES[version], `${number} ${version === 2 && value === 0 ? 'default' : value}`);
  const { file, word } = RATES[name];
  return version === 2 ? limit(['io.max'], `${number} ${word}=${value || 'max'}`) : limit([file], `${number} ${value}`);
}

/** Facts of block devices that limits name: `major:minor` of a path. */
export type DeviceNumber = (path: string) => string;

/** Throws for devices that are not block devices. */
export function blkioLimits({ blkiotune }: DomainDefinition, version: 1 | 2, deviceNumber: DeviceNumber): Limit[] {
  const limits: Limit[] = [];
  if (blkiotune.weight !== undefined) limits.push({ ...weightLimit(blkiotune.weight, version), missing: NO_SCHEDULER });
  for (const device of blkiotune.devices) {
    const number = deviceNumber(device.path);
    for (const name of DEVICE_LIMITS) {
      const value = device[name];
      if (value !== undefined)
        limits.push({ ...deviceLimit(number, name, value, version), ...(name === 'weight' && { missing: NO_SCHEDULER }) });
    }
  }
  return limits;
}

export interface DeviceChange {
  path: string;
  name: DeviceLimit;
  /** 0 takes a limit away. */
  value: number;
}

/** Sets what is given, or nothing where a device is none or the host has no weights. Throws OPERATION_INVALID, SYSTEM_ERROR. */
export function changeBlkioTuning(cgroup: DomainCgroup, weight: number | undefined, changes: readonly DeviceChange[]): void {
  const { version } = cgroup.layout;
  const requireOne = (files: readonly string[]) => {
    if (!files.some((file) => cgroup.has('blkio', file))) throw libvirtError('OPERATION_INVALID', NOT_THIS_SCHEDULER);
  };
  const limits: Limit[] = [];
  if (weight !== undefined) {
    requireOne(WEIGHT_FILES[version]);
    limits.push(weightLimit(weight, version));
  }
  for (const { path, name, value } of changes) {
    if (name === 'weight') requireOne(DEVICE_WEIGHT_FILES[version]);
    limits.push(deviceLimit(blockDeviceNumber(path), name, value, version));
  }
  applyLimits(cgroup, limits);
}

/** undefined where the kernel has no scheduler that knows weights. */
export function readBlkioWeight(cgroup: DomainCgroup): number | undefined {
  const file = WEIGHT_FILES[cgroup.layout.version].find((candidate) => cgroup.has('blkio', candidate));
  if (file === undefined) return undefined;
  const match = /^(?:default )?(\d+)/m.exec(cgroup.read('blkio', file));
  return match ? Number(match[1]) : undefined;
}

export interface BlkioStats {
  readRequests: bigint;
  readBytes: bigint;
  writeRequests: bigint;
  writeBytes: bigint;
}

/** By `major:minor`. Reads each file once. */
export function blkioStats(cgroup: DomainCgroup): Map<string, BlkioStats> {
  const { version } = cgroup.layout;
  return blkioStatsIn(
    Object.keys(STATS_FILES[version]).map((file) => cgroup.read('blkio', file)),
    version,
  );
}

/** `texts`: of STATS_FILES, in that order. */
function blkioStatsIn(texts: readonly string[], version: 1 | 2): Map<string, BlkioStats> {
  const stats = new Map<string, BlkioStats>();
  const of = (device: string): BlkioStats => {
    const known = stats.get(device) ?? { readRequests: 0n, readBytes: 0n, writeRequests: 0n, writeBytes: 0n };
    stats.set(device, known);
    return known;
  };
  const add = (device: string, field: keyof BlkioStats | undefined, value: string | undefined) => {
    if (field !== undefined && value !== undefined) of(device)[field] += BigInt(value);
  };
  const allFields = Object.values(STATS_FILES[version]);
  for (const [i, text] of texts.entries()) {
    const fields = allFields[i]!;
    for (const line of text.split('\n')) {
      const [device = '', ...words] = line.split(' ');
      if (version === 1) add(device, fields[words[0]!], words[1]);
      else for (const [name, value] of words.map((word) => word.split('='))) add(device, fields[name!], value);
    }
  }
  return stats;
}

/** The same for statistics: empty where the cgroup is gone, or has no such controller. */
export function blkioFigures(cgroup: DomainCgroup): Map<string, BlkioStats> {
  const { version } = cgroup.layout;
  const texts = Object.keys(STATS_FILES[version]).map((file) => cgroup.text('blkio', file) ?? '');
  return blkioStatsIn(texts, version);
}

/** v1: lines `MAJOR:MINOR Read N`, and a last one `Total N`. v2: lines `MAJOR:MINOR rbytes=N wbytes=N rios=N wios=N …`. */
const STATS_FILES: Record<1 | 2, Record<string, Record<string, keyof BlkioStats>>> = {
  1: {
    'blkio.throttle.io_serviced': { Read: 'readRequests', Write: 'writeRequests' },
    'blkio.throttle.io_service_bytes': { Read: 'readBytes', Write: 'writeBytes' },
  },
  2: { 'io.stat': { rios: 'readRequests', rbytes: 'readBytes', wios: 'writeRequests', wbytes: 'writeBytes' } },
};

// Limits of a definition as values of cgroup files. Which file gets which value is pure; applying them is one loop.
import type { DomainDefinition } from '../../domain/definition.ts';
import { errnoCode, libvirtError } from '../../errors.ts';
import type { DomainCgroup } from './cgroup.ts';
import type { V1Controller } from './layout.ts';

export interface Limit {
  controller: V1Controller;
  /** Tried in order: the first that exists is written. */
  files: string[];
  value: string;
  /** What the user is told when none of the files exists. */
  missing?: string;
}

const bytes = (kib: number): string => (BigInt(kib) * 1024n).toString();

/** Facts of block devices that limits name: `major:minor` of a path. */
export type DeviceNumber = (path: string) => string;

/** The values for `definition`, in the order in which they are written. Throws for devices that are not block devices. */
export function domainLimits(definition: DomainDefinition, version: 1 | 2, deviceNumber: DeviceNumber): Limit[] {
  return [
    ...memoryLimits(definition, version),
    ...cpuLimits(definition, version),
    ...blockLimits(definition, version, deviceNumber),
    ...setLimits(definition),
  ];
}

/** As libvirt: a container starts with all of its memory; <currentMemory> is what `setmem` made of it since. */
function memoryLimits({ memtune, memoryKiB }: DomainDefinition, version: 1 | 2): Limit[] {
  const limits: Limit[] = [];
  const add = (v1: string, v2: string, kib: number | undefined) => {
    if (kib !== undefined) limits.push({ controller: 'memory', files: [version === 2 ? v2 : v1], value: bytes(kib) });
  };
  const hardLimitKiB = memtune.hardLimitKiB ?? memoryKiB;
  add('memory.limit_in_bytes', 'memory.max', hardLimitKiB);
  add('memory.soft_limit_in_bytes', 'memory.high', memtune.softLimitKiB);
  if (memtune.swapHardLimitKiB !== undefined) {
    // The XML's limit is for memory and swap together; memory.swap.max is for swap alone (cgroup-v2.rst).
    const swapKiB = version === 2 ? Math.max(0, memtune.swapHardLimitKiB - hardLimitKiB) : memtune.swapHardLimitKiB;
    add('memory.memsw.limit_in_bytes', 'memory.swap.max', swapKiB);
  }
  return limits;
}

function cpuLimits({ cputune }: DomainDefinition, version: 1 | 2): Limit[] {
  const limits: Limit[] = [];
  const add = (file: string, value: string | undefined) => {
    if (value !== undefined) limits.push({ controller: 'cpu', files: [file], value });
  };
  add(version === 2 ? 'cpu.weight' : 'cpu.shares', cputune.shares?.toString());
  if (version === 2) {
    if (cputune.quotaUs !== undefined || cputune.periodUs !== undefined) {
      const quota = cputune.quotaUs === undefined || cputune.quotaUs < 0 ? 'max' : String(cputune.quotaUs);
      add('cpu.max', cputune.periodUs === undefined ? quota : `${quota} ${cputune.periodUs}`);
    }
  } else {
    add('cpu.cfs_period_us', cputune.periodUs?.toString());
    add('cpu.cfs_quota_us', cputune.quotaUs?.toString());
  }
  return limits;
}

function blockLimits({ blkiotune }: DomainDefinition, version: 1 | 2, deviceNumber: DeviceNumber): Limit[] {
  const limits: Limit[] = [];
  const add = (files: string[], value: string, missing?: string) =>
    limits.push({ controller: 'blkio', files, value, ...(missing ? { missing } : {}) });
  const onlySome = 'blkio device weight is valid only for bfq or cfq scheduler';
  if (blkiotune.weight !== undefined) {
    if (version === 2) add(['io.bfq.weight', 'io.weight'], `default ${blkiotune.weight}`, onlySome);
    else add(['blkio.bfq.weight', 'blkio.weight'], String(blkiotune.weight), onlySome);
  }
  for (const device of blkiotune.devices) {
    const number = deviceNumber(device.path);
    if (device.weight !== undefined) {
      add(
        version === 2 ? ['io.bfq.weight', 'io.weight'] : ['blkio.bfq.weight_device', 'blkio.weight_device'],
        `${number} ${device.weight}`,
        onlySome,
      );
    }
    const rates: [number | undefined, string, string][] = [
      [device.readIopsSec, 'blkio.throttle.read_iops_device', 'riops'],
      [device.writeIopsSec, 'blkio.throttle.write_iops_device', 'wiops'],
      [device.readBytesSec, 'blkio.throttle.read_bps_device', 'rbps'],
      [device.writeBytesSec, 'blkio.throttle.write_bps_device', 'wbps'],
    ];
    for (const [value, v1, v2] of rates) {
      if (value !== undefined)
        add([version === 2 ? 'io.max' : v1], version === 2 ? `${number} ${v2}=${value || 'max'}` : `${number} ${value}`);
    }
  }
  return limits;
}

function setLimits({ vcpu, numatune }: DomainDefinition): Limit[] {
  const limits: Limit[] = [];
  if (vcpu.cpuset !== undefined && vcpu.placement === 'static')
    limits.push({ controller: 'cpuset', files: ['cpuset.cpus'], value: vcpu.cpuset });
  if (numatune?.nodeset !== undefined) limits.push({ controller: 'cpuset', files: ['cpuset.mems'], value: numatune.nodeset });
  return limits;
}

/** Writes the limits. Throws SYSTEM_ERROR, CONFIG_UNSUPPORTED or OPERATION_INVALID at the first that cannot be set. */
export function applyLimits(cgroup: DomainCgroup, limits: readonly Limit[]): void {
  for (const { controller, files, value, missing } of limits) {
    const file = files.find((candidate) => cgroup.has(controller, candidate));
    if (file === undefined && missing !== undefined) throw libvirtError('CONFIG_UNSUPPORTED', missing);
    try {
      cgroup.write(controller, file ?? files[0]!, value);
    } catch (error) {
      // The kernel's word for a device whose scheduler knows no weights.
      if (controller === 'blkio' && error instanceof Error && errnoCode(error.cause) === 'ENOTSUP') throw noDeviceWeights(error);
      throw error;
    }
  }
}

export const noDeviceWeights = (cause?: unknown) =>
  libvirtError('OPERATION_INVALID', 'blkio device weight is valid only for cfq scheduler', cause);

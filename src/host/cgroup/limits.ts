// The limits of a definition, of all controllers. Pure: applyLimits() writes them.
import type { DomainDefinition } from '../../domain/definition.ts';
import { blkioLimits, type DeviceNumber } from './blkio.ts';
import { cpuLimits } from './cpu.ts';
import { cpusetLimits } from './cpuset.ts';
import type { Limit } from './limit.ts';
import { memoryLimits } from './memory.ts';

/** The values for `definition`, in the order in which they are written. Throws for devices that are not block devices. */
export function domainLimits(definition: DomainDefinition, version: 1 | 2, deviceNumber: DeviceNumber): Limit[] {
  return [
    ...memoryLimits(definition, version),
    ...cpuLimits(definition.cputune, version),
    ...blkioLimits(definition, version, deviceNumber),
    ...cpusetLimits(definition),
  ];
}

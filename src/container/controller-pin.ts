// Where the virtual processors of a definition, and what runs them, count: the host's processors of a container and its controller.
import { linux } from '../../lib-native/linux.ts';
import type { SecurityLevel } from '../domain/definition.ts';
import { systemError } from '../errors.ts';
import { goesBeyondLibvirt } from '../store/lxc-conf.ts';
import { numberMask } from '../values/bitmap.ts';

/** As many bits as the plan gives init. */
const MASK_BITS = 1024;

/** False where a start is to be as libvirt's: there <vcpupin>, <emulatorpin> and <vcpu current=> are kept for show. */
export const obeysPins = (level: SecurityLevel): boolean => level !== 'libvirt' && goesBeyondLibvirt();

/** Lets a controller run on these processors; undefined: on all. Throws SYSTEM_ERROR. */
export function pinController(pid: number, cpus: string | undefined): void {
  const mask = cpus === undefined ? Buffer.alloc(MASK_BITS / 8, 0xff) : numberMask(cpus, MASK_BITS);
  const result = linux.schedSetaffinity(pid, mask);
  if (result < 0) throw systemError(`cannot set CPU affinity on process ${pid}`, -result);
}

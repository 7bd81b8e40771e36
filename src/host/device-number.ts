// Numbers of devices: packed as the C library has them (makedev(3)), and as cgroup files name them.
import fs from 'node:fs';
import { EINVAL } from '../../lib-native/constants.ts';
import { systemError } from '../errors.ts';

/** The runtime gives st_rdev in the kernel's encoding of the C library (makedev(3)). */
export const deviceMajor = (rdev: number): number => Number((BigInt(rdev) >> 8n) & 0xfffn) | Number((BigInt(rdev) >> 32n) & 0xfffff000n);
export const deviceMinor = (rdev: number): number => Number(BigInt(rdev) & 0xffn) | Number((BigInt(rdev) >> 12n) & 0xffffff00n);
export const makeDevice = (major: number, minor: number): bigint =>
  ((BigInt(major) & 0xfffff000n) << 32n) |
  ((BigInt(major) & 0xfffn) << 8n) |
  ((BigInt(minor) & 0xffffff00n) << 12n) |
  (BigInt(minor) & 0xffn);

/** `major:minor` of a block device of the host. Throws SYSTEM_ERROR. */
export function blockDeviceNumber(path: string): string {
  let facts: fs.Stats;
  try {
    facts = fs.statSync(path);
  } catch (error) {
    throw systemError(`Path '${path}' is not accessible`, error);
  }
  if (!facts.isBlockDevice()) throw systemError(`Path '${path}' must be a block device`, EINVAL);
  return `${deviceMajor(facts.rdev)}:${deviceMinor(facts.rdev)}`;
}

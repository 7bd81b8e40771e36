import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LibvirtError } from '../../../src/errors.ts';
import { blockDeviceNumber, deviceMajor, deviceMinor, makeDevice } from '../../../src/host/device-number.ts';

describe('device numbers', () => {
  it('survive being packed and taken apart, as makedev(3) and the kernel do it', () => {
    // st_rdev of Node is a double: numbers that Linux gives out fit.
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xfff }), fc.integer({ min: 0, max: 0xfffff }), (major, minor) => {
        const device = makeDevice(major, minor);
        expect(device).toBe((BigInt(major) << 8n) | BigInt(minor & 0xff) | (BigInt(minor >> 8) << 20n));
        expect([deviceMajor(Number(device)), deviceMinor(Number(device))]).toEqual([major, minor]);
      }),
    );
  });

  it('of what is no block device are refused', () => {
    expect(() => blockDeviceNumber('/dev/null')).toThrow(
      new LibvirtError('SYSTEM_ERROR', "Path '/dev/null' must be a block device: Invalid argument"),
    );
    expect(() => blockDeviceNumber('/dev/no-such')).toThrow(
      new LibvirtError('SYSTEM_ERROR', "Path '/dev/no-such' is not accessible: No such file or directory"),
    );
  });
});

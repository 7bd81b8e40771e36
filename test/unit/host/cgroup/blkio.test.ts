import fs from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { LibvirtError, systemError } from '../../../../src/errors.ts';
import { blkioStats, changeBlkioTuning, type DeviceChange, readBlkioWeight } from '../../../../src/host/cgroup/blkio.ts';
import { PaperCgroup } from '../../../helpers/paper-cgroup.ts';

const WEIGHTS = { 1: { 'blkio.bfq.weight': '100\n', 'blkio.bfq.weight_device': '' }, 2: { 'io.bfq.weight': 'default 100\n8:0 200\n' } };
const NO_WEIGHTS = new LibvirtError(
  'OPERATION_INVALID',
  'Requested operation is not valid: blkio device weight is valid only for cfq scheduler',
);

/** Every path is the block device 8:16. */
const withDevices = <T>(action: () => T): T => {
  const stat = vi.spyOn(fs, 'statSync').mockImplementation((() => ({ isBlockDevice: () => true, rdev: 0x810 })) as never);
  try {
    return action();
  } finally {
    stat.mockRestore();
  }
};
const change = (cgroup: PaperCgroup, weight: number | undefined, ...changes: [DeviceChange['name'], number][]): void =>
  withDevices(() =>
    changeBlkioTuning(
      cgroup,
      weight,
      changes.map(([name, value]) => ({ path: '/dev/sdb', name, value })),
    ),
  );

describe('changeBlkioTuning()', () => {
  const every: [DeviceChange['name'], number][] = [
    ['weight', 300],
    ['readIopsSec', 1],
    ['writeIopsSec', 2],
    ['readBytesSec', 3],
    ['writeBytesSec', 4],
  ];
  it.each<[string, 1 | 2, number, string[]]>([
    [
      'limits of v1',
      1,
      1,
      [
        'blkio blkio.bfq.weight=500',
        'blkio blkio.bfq.weight_device=8:16 300',
        'blkio blkio.throttle.read_iops_device=8:16 1',
        'blkio blkio.throttle.write_iops_device=8:16 2',
        'blkio blkio.throttle.read_bps_device=8:16 3',
        'blkio blkio.throttle.write_bps_device=8:16 4',
      ],
    ],
    [
      'limits of v2',
      2,
      1,
      [
        'blkio io.bfq.weight=default 500',
        'blkio io.bfq.weight=8:16 300',
        'blkio io.max=8:16 riops=1',
        'blkio io.max=8:16 wiops=2',
        'blkio io.max=8:16 rbps=3',
        'blkio io.max=8:16 wbps=4',
      ],
    ],
    [
      'no limits of v1',
      1,
      0,
      [
        'blkio blkio.bfq.weight=500',
        'blkio blkio.bfq.weight_device=8:16 0',
        'blkio blkio.throttle.read_iops_device=8:16 0',
        'blkio blkio.throttle.write_iops_device=8:16 0',
        'blkio blkio.throttle.read_bps_device=8:16 0',
        'blkio blkio.throttle.write_bps_device=8:16 0',
      ],
    ],
    [
      'no limits of v2',
      2,
      0,
      [
        'blkio io.bfq.weight=default 500',
        'blkio io.bfq.weight=8:16 default',
        'blkio io.max=8:16 riops=max',
        'blkio io.max=8:16 wiops=max',
        'blkio io.max=8:16 rbps=max',
        'blkio io.max=8:16 wbps=max',
      ],
    ],
  ])('writes %s', (_, version, factor, expected) => {
    const cgroup = new PaperCgroup(version, WEIGHTS[version]);
    change(cgroup, 500, ...every.map(([name, value]): [DeviceChange['name'], number] => [name, value * factor]));
    expect(cgroup.writes).toEqual(expected);
  });

  it.each([1, 2] as const)('writes nothing to v%i where weights are not known, whatever else is asked for', (version) => {
    const cgroup = new PaperCgroup(version);
    expect(() => change(cgroup, 500)).toThrow(NO_WEIGHTS);
    expect(() => change(cgroup, undefined, ['readIopsSec', 1], ['weight', 300])).toThrow(NO_WEIGHTS);
    expect(cgroup.writes).toEqual([]);
  });

  it('translates what the kernel says of a device whose scheduler knows no weights, and nothing else', () => {
    const failing = (code: string): PaperCgroup => {
      const cgroup = new PaperCgroup(2, WEIGHTS[2]);
      cgroup.write = () => {
        throw systemError("Unable to write to 'x'", Object.assign(new Error(code), { code, errno: code === 'ENOTSUP' ? -95 : -13 }));
      };
      return cgroup;
    };
    expect(() => change(failing('ENOTSUP'), undefined, ['weight', 300])).toThrow(NO_WEIGHTS);
    expect(() => change(failing('EACCES'), undefined, ['weight', 300])).toThrow(
      expect.objectContaining({ code: 'SYSTEM_ERROR', message: expect.stringContaining("Unable to write to 'x'") }),
    );
  });
});

describe('readBlkioWeight()', () => {
  it.each<[1 | 2, Record<string, string>, number | undefined]>([
    [1, WEIGHTS[1], 100],
    [1, { 'blkio.weight': '500\n' }, 500],
    [2, WEIGHTS[2], 100],
    [2, { 'io.weight': 'default 300\n8:0 400\n' }, 300],
    [1, {}, undefined],
    [2, {}, undefined],
  ])('of v%i with %j is %j', (version, files, weight) => expect(readBlkioWeight(new PaperCgroup(version, files))).toBe(weight));
});

describe('blkioStats()', () => {
  const expected = new Map([
    ['8:0', { readRequests: 5n, readBytes: 4096n, writeRequests: 2n, writeBytes: 18446744073709551615n }],
    ['8:16', { readRequests: 1n, readBytes: 512n, writeRequests: 0n, writeBytes: 0n }],
  ]);

  it('of v1 passes over sums, and reads each file once', () => {
    const cgroup = new PaperCgroup(1, {
      'blkio.throttle.io_serviced': '8:0 Read 5\n8:0 Write 2\n8:0 Sync 3\n8:0 Total 7\n8:16 Read 1\n8:16 Write 0\nTotal 8\n',
      'blkio.throttle.io_service_bytes': '8:0 Read 4096\n8:0 Write 18446744073709551615\n8:16 Read 512\n8:16 Write 0\nTotal 4608\n',
    });
    expect(blkioStats(cgroup)).toEqual(expected);
    expect(cgroup.reads).toEqual(['blkio blkio.throttle.io_serviced', 'blkio blkio.throttle.io_service_bytes']);
  });

  it('of v2 takes what it knows of a line, and reads the file once', () => {
    const cgroup = new PaperCgroup(2, {
      'io.stat':
        '8:0 rbytes=4096 wbytes=18446744073709551615 rios=5 wios=2 dbytes=9 dios=9\n8:16 rbytes=512 wbytes=0 rios=1 wios=0\n7:0 \n',
    });
    expect(blkioStats(cgroup)).toEqual(expected);
    expect(cgroup.reads).toEqual(['blkio io.stat']);
  });

  it('of what read and wrote nothing is empty', () => {
    const v1 = { 'blkio.throttle.io_serviced': 'Total 0\n', 'blkio.throttle.io_service_bytes': 'Total 0\n' };
    expect([blkioStats(new PaperCgroup(1, v1)), blkioStats(new PaperCgroup(2, { 'io.stat': '' }))]).toEqual([new Map(), new Map()]);
  });
});

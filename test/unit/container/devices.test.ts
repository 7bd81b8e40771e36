import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { domainDeviceNodes, STANDARD_NODES } from '../../../src/container/devices.ts';
import type { DiskDevice, DomainDefinition, HostDevice } from '../../../src/domain/definition.ts';
import { LibvirtError } from '../../../src/errors.ts';
import { deviceRuleLine } from '../../../src/host/cgroup/devices.ts';
import { filesystem, minimalDefinition } from '../../helpers/definition.ts';

const disk = (fields: Partial<DiskDevice>): DiskDevice => ({
  type: 'block',
  device: 'disk',
  options: [],
  target: { dev: 'sda', bus: 'scsi', others: [] },
  readonly: false,
  shareable: false,
  others: [],
  ...fields,
});
const hostdev = (fields: Partial<HostDevice>): HostDevice => ({
  mode: 'capabilities', type: 'misc', options: [], ips: [], routes: [], readonly: false, shareable: false, others: [], ...fields,
}); // biome-ignore format: a table

const rules = (change: (definition: DomainDefinition) => void): string[] =>
  domainDeviceNodes(minimalDefinition(change)).rules.map(deviceRuleLine);
const ownNodes = (change: (definition: DomainDefinition) => void) =>
  domainDeviceNodes(minimalDefinition(change)).nodes.slice(STANDARD_NODES.length);

const STANDARD_RULES = ['c 1:3 rwm', 'c 1:5 rwm', 'c 1:7 rwm', 'c 1:8 rwm', 'c 1:9 rwm', 'c 5:0 rwm', 'c 5:2 rwm', 'c 10:229 rwm'];
const PTYS = 'c 136:* rwm';

describe('domainDeviceNodes()', () => {
  it('gives every container the standard nodes, for everybody', () => {
    expect(domainDeviceNodes(minimalDefinition())).toEqual({
      nodes: [
        ['null', 3, 1],
        ['zero', 5, 1],
        ['full', 7, 1],
        ['random', 8, 1],
        ['urandom', 9, 1],
        ['tty', 0, 5],
      ].map(([name, minor, major]) => ({ path: name, type: 'c', major, minor, mode: 0o666 })),
      rules: expect.anything(),
    });
  });

  it('allows the standard nodes, ptmx, fuse and ptys', () => {
    expect(rules(() => {})).toEqual([...STANDARD_RULES, PTYS]);
  });

  it('lets a container with mknod make any node, without opening it', () => {
    const change = ({ features }: DomainDefinition) => features.capabilities.states.push({ name: 'mknod', state: 'on' });
    expect(rules(change)).toEqual(['b *:* m', 'c *:* m', ...STANDARD_RULES, PTYS]);
  });

  it('does not for mknod off', () => {
    expect(rules(({ features }) => features.capabilities.states.push({ name: 'mknod', state: 'off' }))).toEqual([...STANDARD_RULES, PTYS]);
  });

  it("makes a host's character device where it is below /dev, whatever the folder is called", () => {
    const change = ({ devices }: DomainDefinition) =>
      devices.hostdevs.push(hostdev({ source: '/dev/null' }), hostdev({ source: '/dev//pts/ptmx' }));
    expect(ownNodes(change)).toEqual([
      { path: 'null', type: 'c', major: 1, minor: 3, mode: 0o700 },
      { path: 'pts/ptmx', type: 'c', major: 5, minor: 2, mode: 0o700 },
    ]);
    expect(rules(change)).toEqual([...STANDARD_RULES, 'c 1:3 rwm', 'c 5:2 rwm', PTYS]);
  });

  it('ignores a network interface: it has no node', () => {
    expect(ownNodes(({ devices }) => devices.hostdevs.push(hostdev({ type: 'net', source: 'eth0' })))).toEqual([]);
  });

  const block = fs.existsSync('/dev/loop0') ? '/dev/loop0' : fs.existsSync('/dev/vda') ? '/dev/vda' : undefined;
  const number = () => {
    const { rdev } = fs.statSync(block!);
    return [(rdev >> 8) & 0xfff, (rdev & 0xff) | ((rdev >> 12) & 0xfff00)];
  };

  it.runIf(block)('makes a disk by its target name, and lets a read-only one not be written', () => {
    const [major, minor] = number();
    const change = ({ devices }: DomainDefinition) =>
      devices.disks.push(
        disk({ source: block! }),
        disk({ source: block!, readonly: true, target: { dev: 'sdb', bus: 'scsi', others: [] } }),
      );
    expect(ownNodes(change)).toEqual(['sda', 'sdb'].map((name) => ({ path: name, type: 'b', major, minor, mode: 0o700 })));
    expect(rules(change)).toEqual([...STANDARD_RULES, `b ${major}:${minor} rwm`, `b ${major}:${minor} rm`, PTYS]);
  });

  it.runIf(block)('makes a disk from the block device that its image is behind', () => {
    const [major, minor] = number();
    const change = ({ devices }: DomainDefinition) => devices.disks.push(disk({ type: 'file', source: '/image', imageDevice: block! }));
    expect(ownNodes(change)).toEqual([{ path: 'sda', type: 'b', major, minor, mode: 0o700 }]);
    expect(rules(change)).toEqual([...STANDARD_RULES, `b ${major}:${minor} rwm`, PTYS]);
  });

  it.runIf(block)('allows the block device of a file system, which needs no node', () => {
    const [major, minor] = number();
    const change = ({ devices }: DomainDefinition) =>
      devices.filesystems.push(
        filesystem({ type: 'block', source: block! }),
        filesystem({ type: 'block', source: block!, readonly: true }),
      );
    expect(ownNodes(change)).toEqual([]);
    expect(rules(change)).toEqual([...STANDARD_RULES, `b ${major}:${minor} rw`, `b ${major}:${minor} r`, PTYS]);
  });

  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'devices-')), 'file');
  fs.writeFileSync(file, '');

  it.each<[string, (definition: DomainDefinition) => void, string]>([
    ['an empty drive', ({ devices }) => devices.disks.push(disk({})), "unsupported configuration: Can't setup disk without media"],
    [
      'a disk that is a file',
      ({ devices }) => devices.disks.push(disk({ type: 'file', source: file })),
      "unsupported configuration: Can't setup disk for non-block device",
    ],
    [
      'a disk that is no device',
      ({ devices }) => devices.disks.push(disk({ source: file })),
      `unsupported configuration: Disk source ${file} must be a character/block device`,
    ],
    [
      'storage that is a character device',
      ({ devices }) => devices.hostdevs.push(hostdev({ type: 'storage', source: '/dev/null' })),
      'unsupported configuration: Storage source /dev/null must be a block device',
    ],
    [
      'a character device that is none',
      ({ devices }) => devices.hostdevs.push(hostdev({ source: file })),
      `unsupported configuration: Storage source ${file} must be a character device`,
    ],
    [
      'a device that is not there',
      ({ devices }) => devices.hostdevs.push(hostdev({ source: '/dev/no-such' })),
      'Unable to access /dev/no-such: No such file or directory',
    ],
    [
      'a PCI device',
      ({ devices }) => devices.hostdevs.push(hostdev({ mode: 'subsystem', type: 'pci' })),
      'unsupported configuration: Unsupported hostdev type pci',
    ],
    [
      'a USB device that is not there',
      ({ devices }) => devices.hostdevs.push(hostdev({ mode: 'subsystem', type: 'usb', usb: { vendor: 0xfffe, product: 0x1 } })),
      'operation failed: Did not find USB device fffe:0001',
    ],
    [
      'a USB place that is empty',
      ({ devices }) => devices.hostdevs.push(hostdev({ mode: 'subsystem', type: 'usb', usb: { bus: 199, device: 7 } })),
      'Unable to access /dev/bus/usb/199/007: No such file or directory',
    ],
  ])('refuses %s', (_, change, message) => {
    let thrown: unknown;
    try {
      domainDeviceNodes(minimalDefinition(change));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LibvirtError);
    expect((thrown as LibvirtError).message).toBe(message);
  });

  const timer =
    (offset: 'localtime' | 'utc', name: string, present?: 'yes' | 'no') =>
    ({ clock }: DomainDefinition) => {
      clock.offset = offset;
      clock.timers = [{ name, ...(present ? { present } : {}), element: { name: 'timer', attributes: [], children: [] } }];
    };

  it("looks at the clocks of a container that follows the host's local time only", () => {
    expect(ownNodes(timer('utc', 'no-such-clock'))).toEqual([]);
    expect(ownNodes(timer('localtime', 'no-such-clock', 'no'))).toEqual([]);
    expect(() => domainDeviceNodes(minimalDefinition(timer('localtime', 'no-such-clock')))).toThrow(
      "unsupported timer type (name) 'no-such-clock'",
    );
  });

  it.each([
    ['rtc', '/dev/rtc0'],
    ['hpet', '/dev/hpet'],
  ])('gives a container the clock %s to read, where the host has it', (name, source) => {
    const facts = fs.statSync(source, { throwIfNoEntry: false });
    const expected = facts ? [[name, 'c', `c ${(facts.rdev >> 8) & 0xfff}:${facts.rdev & 0xff} r`]] : [];
    const plan = domainDeviceNodes(minimalDefinition(timer('localtime', name)));
    expect(
      plan.nodes
        .slice(STANDARD_NODES.length)
        .map((node, i) => [node.path, node.type, deviceRuleLine(plan.rules[STANDARD_RULES.length + i]!)]),
    ).toEqual(expected);
  });
});

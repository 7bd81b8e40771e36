// The container's device nodes, and what its devices cgroup allows (libvirt: LXC driver, device nodes).
import fs from 'node:fs';
import type { DiskDevice, DomainDefinition, FilesystemDevice, HostDevice } from '../domain/definition.ts';
import { libvirtError, systemError } from '../errors.ts';
import { type DeviceRule, lostAccess } from '../host/cgroup/devices.ts';
import { deviceMajor, deviceMinor } from '../host/device-number.ts';
import { hostPath } from './host-path.ts';

export interface DeviceNode {
  /** Below /dev, without a leading slash. */
  path: string;
  type: 'b' | 'c';
  major: number;
  minor: number;
  mode: number;
}

/** What every container has. */
export const STANDARD_NODES: readonly DeviceNode[] = [
  { path: 'null', type: 'c', major: 1, minor: 3, mode: 0o666 },
  { path: 'zero', type: 'c', major: 1, minor: 5, mode: 0o666 },
  { path: 'full', type: 'c', major: 1, minor: 7, mode: 0o666 },
  { path: 'random', type: 'c', major: 1, minor: 8, mode: 0o666 },
  { path: 'urandom', type: 'c', major: 1, minor: 9, mode: 0o666 },
  { path: 'tty', type: 'c', major: 5, minor: 0, mode: 0o666 },
];

const PTMX: DeviceRule = { type: 'c', major: 5, minor: 2, access: 'rwm', path: '/dev/ptmx' };
const FUSE: DeviceRule = { type: 'c', major: 10, minor: 229, access: 'rwm', path: '/dev/fuse' };
const PTYS: DeviceRule = { type: 'c', major: 136, minor: null, access: 'rwm' };

export interface DomainDevicesPlan {
  nodes: DeviceNode[];
  rules: DeviceRule[];
}

/**
 * What a running container may use after its devices changed. As domainDeviceNodes(), but a device that the host has lost
 * meanwhile is passed over: there is nothing of it to be used.
 */
export function remainingRules(definition: DomainDefinition): DeviceRule[] {
  const isThere = (find: () => OwnNode | undefined): boolean => {
    try {
      return find() !== undefined;
    } catch {
      return false;
    }
  };
  const { devices } = definition;
  const disks = devices.disks.filter((disk) => isThere(() => diskNode(disk)));
  const hostdevs = devices.hostdevs.filter((device) => isThere(() => hostdevNode(device)));
  const filesystems = devices.filesystems.filter(({ type, source }) => type !== 'block' || fs.existsSync(hostPath(source)));
  return domainDeviceNodes({ ...definition, devices: { ...devices, disks, hostdevs, filesystems } }).rules;
}

/**
 * Nodes and rules of `definition`. Looks at the host's device nodes that it names.
 * Throws CONFIG_UNSUPPORTED or SYSTEM_ERROR for a device that is not there or not of its kind.
 */
export function domainDeviceNodes(definition: DomainDefinition): DomainDevicesPlan {
  const own = [
    ...definition.devices.disks.map((disk) => diskNode(disk)),
    ...definition.devices.hostdevs.flatMap((device) => hostdevNode(device) ?? []),
    ...timerNodes(definition),
  ];
  const mknod = definition.features.capabilities.states.some(({ name, state }) => name === 'mknod' && state === 'on');
  const all: DeviceRule[] = mknod ? [anyDevice('b'), anyDevice('c')] : [];
  return {
    nodes: [...STANDARD_NODES, ...own.map(({ node }) => node)],
    rules: [
      ...all,
      ...STANDARD_NODES.map((node) => ruleOf({ node, access: 'rwm', source: `/dev/${node.path}` })),
      PTMX,
      FUSE,
      ...own.map(ruleOf),
      ...definition.devices.filesystems.flatMap((filesystem) => filesystemRule(filesystem) ?? []),
      PTYS,
    ],
  };
}

const anyDevice = (type: 'b' | 'c'): DeviceRule => ({ type, major: null, minor: null, access: 'm' });

/** What lets a container use a device. */
export const ruleOf = ({ node: { type, major, minor }, access, source }: OwnNode): DeviceRule => ({
  type,
  major,
  minor,
  access,
  path: source,
});

/** What a container may do with the block device that it has mounted; undefined for what is none. Throws as domainDeviceNodes(). */
export const filesystemRule = ({ type, source, readonly }: FilesystemDevice): DeviceRule | undefined =>
  type === 'block' ? ruleOf({ node: filesystemNode(source), access: readonly ? 'r' : 'rw', source }) : undefined;

/** What nobody in the container may do any more with a device that went; `next` is the definition without it. */
export const lostRule = (rule: DeviceRule, next: DomainDefinition): DeviceRule => ({
  ...rule,
  access: lostAccess(rule, remainingRules(next)),
});

const KIND_WORDS = { b: 'a block device', c: 'a character device', any: 'a character/block device' } as const;

/** The node `path` in the container for what `source` is on the host. `words`: what it must be, in messages. */
function nodeOf(source: string, path: string, what: string, kind?: 'b' | 'c', words: string = KIND_WORDS[kind ?? 'any']): DeviceNode {
  let facts: fs.Stats;
  try {
    facts = fs.statSync(hostPath(source));
  } catch (error) {
    throw systemError(`Unable to access ${source}`, error);
  }
  const type = facts.isBlockDevice() ? 'b' : facts.isCharacterDevice() ? 'c' : undefined;
  if (type === undefined || (kind !== undefined && type !== kind)) {
    throw libvirtError('CONFIG_UNSUPPORTED', `${what} ${source} must be ${words}`);
  }
  return { path, type, major: deviceMajor(facts.rdev), minor: deviceMinor(facts.rdev), mode: 0o700 };
}

function filesystemNode(source: string): DeviceNode {
  if (!fs.existsSync(hostPath(source))) throw systemError(`Path '${source}' is not accessible`, 2);
  return nodeOf(source, source.replace(/^\/+/, ''), 'Filesystem source');
}

/** A node for a device of the domain, and what its processes may do with it. */
export interface OwnNode {
  node: DeviceNode;
  access: string;
  /** The host's device. */
  source: string;
}

/** The host's block device behind a disk, while the domain runs; undefined for a disk that has none. */
export function blockDeviceOf({ type, source, imageDevice }: DiskDevice): string | undefined {
  return type === 'block' ? source : imageDevice;
}

/** `isPlugged`: into a running container. Throws CONFIG_UNSUPPORTED or SYSTEM_ERROR for what is no device of the host. */
export function diskNode(disk: DiskDevice, { isPlugged = false } = {}): OwnNode {
  const isLocal = ['block', 'file', 'dir'].includes(disk.type);
  if (isLocal && disk.source === undefined) throw libvirtError('CONFIG_UNSUPPORTED', "Can't setup disk without media");
  const source = blockDeviceOf(disk);
  if (source === undefined) throw libvirtError('CONFIG_UNSUPPORTED', "Can't setup disk for non-block device");
  return {
    node: nodeOf(source, disk.target.dev, 'Disk source', isPlugged ? 'b' : undefined),
    access: disk.readonly ? 'rm' : 'rwm',
    source,
  };
}

/** A hostdev keeps its place below /dev. */
const belowDev = (source: string): string => source.replace(/^\/[^/]*\/+/, '');

/** The node of a host device; undefined for a network device, which has none. */
export function hostdevNode(device: HostDevice, { isPlugged = false } = {}): OwnNode | undefined {
  const { mode, type, source } = device;
  const unsupported = (what: string) => libvirtError('CONFIG_UNSUPPORTED', `Unsupported ${what} type ${type}`);
  if (mode === 'subsystem') {
    if (type !== 'usb') throw unsupported(isPlugged ? 'host device' : 'hostdev');
    const path = usbNodePath(device.usb ?? {});
    return { node: nodeOf(`/dev/${path}`, path, 'USB source', 'c'), access: 'rwm', source: `/dev/${path}` };
  }
  if (type === 'net' && isPlugged) throw unsupported('host device');
  if (type === 'net' || source === undefined) return undefined;
  const kind = type === 'storage' ? 'b' : 'c';
  // libvirt has one message for both kinds that are plugged in.
  const [what, words] = isPlugged ? ['Hostdev source', KIND_WORDS.b] : ['Storage source', KIND_WORDS[kind]];
  return { node: nodeOf(source, belowDev(source), what, kind, words), access: 'rwm', source };
}

/** Where the node of a device is that the host has lost. */
export function hostdevNodePath({ source, usb }: HostDevice): string | undefined {
  if (source !== undefined) return belowDev(source);
  return usb?.bus !== undefined && usb.device !== undefined ? usbNodePath(usb) : undefined;
}

const three = (n: number): string => String(n).padStart(3, '0');

/** Where a USB device's node is: by bus and device, or found by vendor and product in sysfs. */
function usbNodePath({ vendor, product, bus, device }: { vendor?: number; product?: number; bus?: number; device?: number }): string {
  if (bus !== undefined && device !== undefined) return `bus/usb/${three(bus)}/${three(device)}`;
  const root = '/sys/bus/usb/devices';
  const hex = (n: number | undefined) => (n ?? 0).toString(16).padStart(4, '0');
  const read = (entry: string, file: string) => {
    try {
      return fs.readFileSync(`${root}/${entry}/${file}`, 'utf8').trim();
    } catch {
      return ''; // an interface, not a device
    }
  };
  for (const entry of fs.existsSync(root) ? fs.readdirSync(root) : []) {
    if (read(entry, 'idVendor') === hex(vendor) && read(entry, 'idProduct') === hex(product)) {
      return `bus/usb/${three(Number(read(entry, 'busnum')))}/${three(Number(read(entry, 'devnum')))}`;
    }
  }
  throw libvirtError('OPERATION_FAILED', `Did not find USB device ${hex(vendor)}:${hex(product)}`);
}

/** Clocks of the host, where <clock offset='localtime'> has timers. */
function timerNodes({ clock }: DomainDefinition): OwnNode[] {
  if (clock.offset !== 'localtime') return [];
  return clock.timers.flatMap(({ name, present }): OwnNode[] => {
    if (present === 'no') return [];
    if (name === 'rtc') return clockNode('/dev/rtc0', 'rtc');
    if (name === 'hpet') return clockNode('/dev/hpet', 'hpet');
    throw libvirtError('CONFIG_UNSUPPORTED', `unsupported timer type (name) '${name}'`);
  });
}

function clockNode(source: string, path: string): OwnNode[] {
  return fs.existsSync(source) ? [{ node: nodeOf(source, path, 'Timer', 'c'), access: 'r', source }] : [];
}

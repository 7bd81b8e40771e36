// A configuration of the lxc tools as a domain. Pure.
//
// Keys that have no counterpart are passed over, as libvirt does. Differs from libvirt: what is missing or wrong is named.

import { libvirtError } from '../errors.ts';
import { formatBitmap, parseBitmap } from '../values/bitmap.ts';
import { parseMac } from '../values/mac.ts';
import { parseInt32, parseInt64, parseUint32, parseUint64 } from '../values/numbers.ts';
import { scaleInteger } from '../values/units.ts';
import { CAPABILITIES } from './capabilities.ts';
import type {
  BlkioDevice,
  CharDevice,
  DomainDefinition,
  FilesystemDevice,
  HostDevice,
  IdRange,
  InterfaceDevice,
  IpAddress,
  IpRoute,
} from './definition.ts';
import { MEMORY_UNLIMITED_KIB } from './definition.ts';
import { emptyDevices } from './elements/devices.ts';
import { validateName } from './elements/identity.ts';
import { formatIp, parseIp } from './elements/ip.ts';
import { ARCHITECTURES } from './elements/os.ts';
import { CPU_MASK_BITS } from './elements/vcpu.ts';
import { type ConfEntry, parseLxcConf } from './lxc-conf.ts';
import type { ParseHost } from './parse.ts';
import { entryOf } from './table.ts';

const DEFAULT_MEMORY_KIB = 65536;

/** Throws CONFIG_UNSUPPORTED, INTERNAL_ERROR, INVALID_ARG or XML_ERROR with what is missing or wrong. */
export function domainFromLxcConf(text: string, host: ParseHost): DomainDefinition {
  const entries = parseLxcConf(text);
  const one = (...keys: string[]): string | undefined => keys.map((key) => entries.find((entry) => entry.key === key)?.value).find(isThere);
  const name = one('lxc.uts.name', 'lxc.utsname');
  if (!name) throw libvirtError('CONFIG_UNSUPPORTED', 'lxc.uts.name is missing: a domain needs a name');
  validateName(name);
  const root = one('lxc.rootfs.path', 'lxc.rootfs');
  if (!root) throw libvirtError('CONFIG_UNSUPPORTED', 'lxc.rootfs.path is missing: a domain needs a root file system');
  if (one('lxc.mount.fstab', 'lxc.mount') !== undefined) {
    throw libvirtError('ARGUMENT_UNSUPPORTED', 'lxc.mount.fstab or lxc.mount found, use lxc.mount.entry lines instead');
  }
  const nics = readNics(entries);
  const network = nics.map(convertNic);
  const memory = readMemory(one);
  const cpuset = one('lxc.cgroup.cpuset.cpus');
  const mems = one('lxc.cgroup.cpuset.mems');
  return {
    id: null,
    name,
    uuid: host.randomUuid(),
    metadata: [],
    ...memory,
    blkiotune: readBlkio(entries, one('lxc.cgroup.blkio.weight')),
    vcpu: { count: 1, placement: 'static', ...(cpuset !== undefined && { cpuset: bitmap(cpuset) }) },
    cputune: readCputune(one),
    ...(mems !== undefined && { numatune: { mode: 'strict', nodeset: bitmap(mems), placement: 'static' } }),
    numaNodes: [],
    sysinfo: [],
    os: { arch: architecture(one('lxc.arch')), init: '/sbin/init', initargs: [], initenv: [] },
    idmap: readIdmap(entries),
    features: {
      privnet: nics.length === 0,
      capabilities: { policy: 'allow', states: droppedCapabilities(one('lxc.cap.drop')) },
      others: [],
    },
    clock: { offset: 'utc', attributes: [], timers: [] },
    onPoweroff: 'destroy',
    onReboot: 'restart',
    onCrash: 'destroy',
    devices: {
      ...emptyDevices(host.emulator),
      filesystems: [filesystem(root.startsWith('/dev/') ? 'block' : 'mount', root, '/', false), ...entries.flatMap(readMount)],
      interfaces: network.flatMap(({ device }) => device ?? []),
      hostdevs: network.flatMap(({ hostdev }) => hostdev ?? []),
      consoles: readConsoles(one('lxc.tty.max', 'lxc.tty')),
    },
    seclabels: [],
    trailing: [],
    sharedNamespaces: {},
  };
}

const isThere = (value: string | undefined): value is string => value !== undefined;

/** Of the architectures of lxc only those whose name libvirt has in mind are kept. */
function architecture(arch: string | undefined): string {
  const names: Record<string, string> = { x86: 'i686', amd64: 'x86_64' };
  const name = entryOf(names, arch ?? '') ?? arch ?? '';
  return ARCHITECTURES.includes(name) ? name : '';
}

// -- limits ------------------------------------------------------------------------------------------------------------------

type Lookup = (...keys: string[]) => string | undefined;

function readMemory(one: Lookup): Pick<DomainDefinition, 'memoryKiB' | 'currentMemoryKiB' | 'memtune'> {
  const size = (key: string): number | undefined => {
    const text = one(`lxc.cgroup.memory.${key}`);
    return text === undefined ? undefined : kib(text);
  };
  const hard = size('limit_in_bytes');
  const limits = { hardLimitKiB: hard, softLimitKiB: size('soft_limit_in_bytes'), swapHardLimitKiB: size('memsw.limit_in_bytes') };
  const memtune = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined && value < MEMORY_UNLIMITED_KIB));
  if (hard === 0) throw libvirtError('XML_ERROR', 'Memory size must be specified via <memory> or in the <numa> configuration');
  return { memoryKiB: hard ?? DEFAULT_MEMORY_KIB, currentMemoryKiB: hard ?? DEFAULT_MEMORY_KIB, memtune };
}

/** `64M`; less than zero: without limit. */
function kib(text: string): number {
  if (/^-\d+$/.test(text)) return MEMORY_UNLIMITED_KIB;
  return Math.min(Number(bytes(text) >> 10n), MEMORY_UNLIMITED_KIB);
}

function bytes(text: string): bigint {
  const match = /^(\d+)([kmg]?)$/i.exec(text);
  if (!match) throw libvirtError('INTERNAL_ERROR', `failed to convert size: '${text}'`);
  const number = parseUint64(match[1]!);
  if (number === undefined) throw libvirtError('INTERNAL_ERROR', `failed to convert size: '${text}'`);
  return scaleInteger(number, match[2]!, 1n);
}

function readCputune(one: Lookup): DomainDefinition['cputune'] {
  const number = (key: string, parse: (text: string) => bigint | undefined): number | undefined => {
    const text = one(`lxc.cgroup.cpu.${key}`);
    return text === undefined ? undefined : Number(parsed(text, parse));
  };
  const shares = number('shares', parseUint64);
  const quotaUs = number('cfs_quota_us', parseInt64);
  const periodUs = number('cfs_period_us', parseUint64);
  return {
    ...(shares !== undefined && { shares }),
    ...(quotaUs !== undefined && { quotaUs }),
    ...(periodUs !== undefined && { periodUs }),
    others: [],
  };
}

function parsed<T>(text: string, parse: (text: string) => T | undefined): T {
  const value = parse(text);
  if (value === undefined) throw libvirtError('INTERNAL_ERROR', `failed to parse integer: '${text}'`);
  return value;
}

const bitmap = (text: string): string => formatBitmap(parseBitmap(text, CPU_MASK_BITS));

const BLKIO_KEYS: Readonly<Record<string, [field: Exclude<keyof BlkioDevice, 'path'>, word: string]>> = {
  'lxc.cgroup.blkio.device_weight': ['weight', 'device weight'],
  'lxc.cgroup.blkio.throttle.write_bps_device': ['writeBytesSec', 'write_bps_device'],
  'lxc.cgroup.blkio.throttle.read_bps_device': ['readBytesSec', 'read_bps_device'],
  'lxc.cgroup.blkio.throttle.write_iops_device': ['writeIopsSec', 'write_iops_device'],
  'lxc.cgroup.blkio.throttle.read_iops_device': ['readIopsSec', 'read_iops_device'],
};

/** `MAJOR:MINOR VALUE` */
function readBlkio(entries: readonly ConfEntry[], weight: string | undefined): DomainDefinition['blkiotune'] {
  const devices: BlkioDevice[] = [];
  for (const { key, value } of entries) {
    const known = entryOf(BLKIO_KEYS, key);
    if (!known) continue;
    const [field, word] = known;
    const [number, text, ...rest] = value.split(/\s+/);
    if (text === undefined || rest.length > 0) throw libvirtError('INTERNAL_ERROR', `invalid ${key} value: '${value}'`);
    const limit = field.endsWith('BytesSec') ? parseUint64(text) : parseUint32(text);
    if (limit === undefined) throw libvirtError('INTERNAL_ERROR', `failed to parse ${word}: '${text}'`);
    const path = `/dev/block/${number}`;
    let device = devices.find((other) => other.path === path);
    if (!device) {
      device = { path };
      devices.push(device);
    }
    device[field] = Number(limit);
  }
  return { ...(weight !== undefined && { weight: parsed(weight, parseUint32) }), devices };
}

// -- identity ----------------------------------------------------------------------------------------------------------------

/**
 * `u TARGET START COUNT`: libvirt reads the numbers in this order, the lxc tools write start before target; their files
 * have to be turned round by hand.
 */
function readIdmap(entries: readonly ConfEntry[]): DomainDefinition['idmap'] {
  const idmap: Record<'uid' | 'gid', IdRange[]> = { uid: [], gid: [] };
  for (const { key, value } of entries) {
    if (key !== 'lxc.idmap' && key !== 'lxc.id_map') continue;
    const match = /^([ug])\s+(\d+)\s+(\d+)\s+(\d+)$/.exec(value);
    const [target, start, count] = (match?.slice(2) ?? []).map((text) => parseUint32(text));
    if (!match || target === undefined || start === undefined || count === undefined) {
      throw libvirtError('INTERNAL_ERROR', `invalid ${key}: '${value}'`);
    }
    idmap[match[1] === 'u' ? 'uid' : 'gid'].push({ start, target, count });
  }
  const byStart = (one: IdRange, other: IdRange) => one.start - other.start;
  return { uid: idmap.uid.sort(byStart), gid: idmap.gid.sort(byStart) };
}

function droppedCapabilities(text = ''): DomainDefinition['features']['capabilities']['states'] {
  const dropped = text.split(/\s+/);
  return CAPABILITIES.flatMap(([name]) => (dropped.includes(name) ? [{ name, state: 'off' as const }] : []));
}

function readConsoles(text: string | undefined): CharDevice[] {
  if (text === undefined) return [];
  const count = parseInt32(text);
  if (count === undefined || count < 0 || count > MOST_CONSOLES) throw libvirtError('INTERNAL_ERROR', `failed to parse int: '${text}'`);
  return Array.from({ length: count }, (_, port) => ({ type: 'pty', targetType: 'lxc', port, others: [] }));
}

const MOST_CONSOLES = 1024;

// -- file systems ------------------------------------------------------------------------------------------------------------

function filesystem(type: 'mount' | 'block', source: string, target: string, readonly: boolean): FilesystemDevice {
  return { type, accessmode: 'passthrough', source, target, readonly };
}

/** What a container of libvirt's has mounted anyway. */
const OWN_MOUNTS = new Set([
  '/proc',
  '/proc/sys',
  '/proc/sys/net/ipv4',
  '/proc/sys/net/ipv6',
  '/sys',
  '/sys/kernel/security',
  '/sys/fs/selinux',
]);

/** `SOURCE TARGET TYPE OPTIONS …`, as in fstab(5). */
function readMount({ key, value }: ConfEntry): FilesystemDevice[] {
  if (key !== 'lxc.mount.entry') return [];
  const [source, target, type, optionText] = value.trim().split(/\s+/);
  if (source === undefined || target === undefined || type === undefined || optionText === undefined) {
    throw libvirtError('CONFIG_UNSUPPORTED', `lxc.mount.entry wants a source, a target, a type and options: '${value}'`);
  }
  const options = optionText.split(',');
  const absolute = target.startsWith('/') ? target : `/${target}`;
  if (OWN_MOUNTS.has(absolute)) return [];
  const readonly = options.includes('ro');
  if (type !== 'tmpfs') return [filesystem(source.startsWith('/dev/') ? 'block' : 'mount', source, absolute, readonly)];
  const usageKiB = Number(tmpfsBytes(options) >> 10n);
  return [{ type: 'ram', accessmode: 'passthrough', source: String(usageKiB), usageKiB, target: absolute, readonly }];
}

function tmpfsBytes(options: readonly string[]): bigint {
  const size = options.find((option) => option.startsWith('size='))?.slice('size='.length);
  if (size === undefined) throw libvirtError('INTERNAL_ERROR', 'missing tmpfs size, set the size option');
  if (size.endsWith('%')) throw libvirtError('INTERNAL_ERROR', `can't convert relative size: '${size}'`);
  return bytes(size);
}

// -- network -----------------------------------------------------------------------------------------------------------------

interface Nic {
  type?: string;
  link?: string;
  name?: string;
  mac?: string;
  up?: boolean;
  macvlanMode?: string;
  vlanId?: string;
  ips: IpAddress[];
  gateways: Partial<Record<'ipv4' | 'ipv6', string>>;
}

/** `lxc.net.N.…` belong together by their number; of `lxc.network.…` each `type` begins another one. */
function readNics(entries: readonly ConfEntry[]): Nic[] {
  const nics: Nic[] = [];
  const numbered = new Map<number, Nic>();
  const begin = (): Nic => {
    const nic: Nic = { ips: [], gateways: {} };
    nics.push(nic);
    return nic;
  };
  for (const { key, value } of entries) {
    const match = /^lxc\.(?:network\.|net\.([^.]*)\.)(.+)$/.exec(key);
    if (!match) continue;
    const [, number, property] = match;
    let nic = nics.at(-1);
    if (number !== undefined) {
      const index = parseUint32(number);
      if (index === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `${key}: '${number}' is not a number`);
      nic = numbered.get(index) ?? begin();
      numbered.set(index, nic);
    } else if (property === 'type') nic = begin();
    if (!nic) throw libvirtError('CONFIG_UNSUPPORTED', `${key} comes before lxc.network.type`);
    setProperty(nic, property!, key, value);
  }
  return nics;
}

function setProperty(nic: Nic, property: string, key: string, value: string): void {
  switch (property) {
    case 'type':
      nic.type = value;
      break;
    case 'link':
      nic.link = value;
      break;
    case 'name':
      nic.name = value;
      break;
    case 'hwaddr':
      nic.mac = value;
      break;
    case 'flags':
      nic.up = value === 'up';
      break;
    case 'macvlan.mode':
      nic.macvlanMode = value;
      break;
    case 'vlan.id':
      nic.vlanId = value;
      break;
    case 'ipv4':
    case 'ipv4.address':
    case 'ipv6':
    case 'ipv6.address':
      nic.ips.push(parseCidr(value, property.startsWith('ipv4') ? 'ipv4' : 'ipv6'));
      break;
    case 'ipv4.gateway':
    case 'ipv6.gateway':
      nic.gateways[property === 'ipv4.gateway' ? 'ipv4' : 'ipv6'] = value;
      break;
    default:
      throw libvirtError('CONFIG_UNSUPPORTED', `${key} has no counterpart in a domain`);
  }
}

function parseCidr(text: string, family: 'ipv4' | 'ipv6'): IpAddress {
  const [, address = '', prefixText = ''] = /^([^/]+)\/(\d+)$/.exec(text) ?? [];
  const parsedAddress = parseIp(address);
  const prefix = parseUint32(prefixText);
  const bits = family === 'ipv4' ? 32 : 128;
  if (parsedAddress?.length !== bits / 8 || prefix === undefined || prefix > bits) {
    throw libvirtError('INVALID_ARG', `Invalid CIDR address: '${text}'`);
  }
  return { address: formatIp(parsedAddress), family, prefix };
}

function routesOf({ gateways }: Nic): IpRoute[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family): IpRoute[] => {
    const text = gateways[family];
    if (text === undefined) return [];
    const gateway = parseIp(text);
    if (gateway?.length !== (family === 'ipv4' ? 4 : 16)) {
      throw libvirtError('XML_ERROR', `Domain interface: Bad gateway address '${text}' in route definition`);
    }
    return [{ family, printsFamily: true, address: family === 'ipv4' ? '0.0.0.0' : '::', gateway: formatIp(gateway) }];
  });
}

/** `none` and `empty` have no device at all. */
function convertNic(nic: Nic): { device?: InterfaceDevice; hostdev?: HostDevice } {
  const { type = '', link } = nic;
  switch (type) {
    case 'none':
    case 'empty':
    case '':
      return {};
    case 'veth':
      return { device: { ...deviceOf(nic, link === undefined ? 'ethernet' : 'bridge'), ...(link !== undefined && { source: link }) } };
    case 'macvlan': {
      const mode = (['private', 'vepa', 'bridge'] as const).find((known) => known === nic.macvlanMode);
      const fallback = nic.macvlanMode === undefined ? 'private' : 'vepa';
      return { device: { ...deviceOf(nic, 'direct'), source: requiredLink(nic), sourceMode: mode ?? fallback } };
    }
    case 'phys':
    case 'vlan': {
      const source = nic.vlanId === undefined ? requiredLink(nic) : `${requiredLink(nic)}.${nic.vlanId}`;
      return {
        hostdev: {
          mode: 'capabilities',
          type: 'net',
          source,
          options: [],
          ips: nic.ips,
          routes: routesOf(nic),
          readonly: false,
          shareable: false,
          others: [],
        },
      };
    }
    default:
      throw libvirtError('CONFIG_UNSUPPORTED', `network type '${type}' has no counterpart in a domain`);
  }
}

function requiredLink({ link }: Nic): string {
  if (link === undefined) throw libvirtError('CONFIG_UNSUPPORTED', "Missing 'link' attribute for NIC");
  return link;
}

function deviceOf(nic: Nic, type: 'ethernet' | 'bridge' | 'direct'): InterfaceDevice {
  return {
    type,
    options: [],
    mac: (nic.mac === undefined ? undefined : parseMac(nic.mac)) ?? '00:00:00:00:00:00',
    macOptions: [],
    hostIps: [],
    hostRoutes: [],
    ips: nic.ips,
    routes: routesOf(nic),
    ...(nic.name !== undefined && { guestDev: nic.name }),
    linkState: nic.up ? 'up' : 'down',
    others: [],
  };
}

// The typed model of <domain type='lxc'>. Pure data: what parse.ts makes, format.ts prints and everything else reads.
// Units live in the names. Sizes in KiB fit a number exactly, libvirt's "unlimited" (2^53-1) included.
import type { EchoedElement } from '../xml/echoed.ts';
import type { XmlElement } from '../xml/element.ts';

/** Memory parameters at or above this many KiB mean "no limit" and are not kept. */
export const MEMORY_UNLIMITED_KIB = 9007199254740991;

export type LifecycleAction = 'destroy' | 'restart' | 'rename-restart' | 'preserve' | 'coredump-destroy' | 'coredump-restart';

export interface DomainDefinition {
  /** The type, where it is not lxc. */
  virtType?: 'none';
  /** The controller's pid while the domain runs; null otherwise. */
  id: number | null;
  name: string;
  /** Lower case, dashed. */
  uuid: string;
  genid?: string;
  title?: string;
  description?: string;
  /** The children of <metadata>, each serialised as libxml2 would if it stood alone. */
  metadata: MetadataElement[];
  /** The namespaces and attributes of <metadata> itself, where it has any. */
  metadataTag?: Pick<XmlElement, 'declarations' | 'attributes'>;
  /** A <metadata/> without any child that counts is kept too. */
  emptyMetadata?: boolean;
  memoryKiB: number;
  /** dumpCore attribute of <memory>. */
  memoryDumpCore?: 'on' | 'off';
  currentMemoryKiB: number;
  blkiotune: { weight?: number; devices: BlkioDevice[] };
  memtune: Memtune;
  memoryBacking?: EchoedElement;
  vcpu: { count: number; current?: number; placement: 'static' | 'auto'; cpuset?: string };
  iothreads?: EchoedElement;
  iothreadids?: EchoedElement;
  defaultiothread?: EchoedElement;
  cputune: Cputune;
  numatune?: { mode: 'strict' | 'preferred' | 'interleave' | 'restrictive'; nodeset?: string; placement: 'static' | 'auto' };
  /** <numatune><memnode>s. */
  numaNodes: EchoedElement[];
  /** <resource><partition>. */
  partition?: string;
  /** <resource><fibrechannel appid=>. */
  fibrechannelAppId?: string;
  bootloader?: string;
  bootloaderArgs?: string;
  sysinfo: EchoedElement[];
  os: DomainOs;
  idmap: { uid: IdRange[]; gid: IdRange[] };
  features: DomainFeatures;
  cpu?: EchoedElement;
  clock: DomainClock;
  onPoweroff: LifecycleAction;
  onReboot: LifecycleAction;
  onCrash: LifecycleAction;
  onLockfailure?: string;
  pm?: EchoedElement;
  perf?: EchoedElement;
  devices: DomainDevices;
  seclabels: Seclabel[];
  /** Everything after seclabel that is only echoed (keywrap, launchSecurity). */
  trailing: EchoedElement[];
  /** <lxc:namespace>: namespaces taken from elsewhere instead of being made. */
  sharedNamespaces: Partial<Record<SharedNamespace, NamespaceSource>>;
  /** An <lxc:namespace> that shares nothing is kept too. */
  emptySharedNamespaces?: boolean;
  /** <virsh-lxc:host-root>: an init system on the host's own root is meant. A domain that was started so has it while it runs. */
  hostRoot?: boolean;
  /** <virsh-lxc:controlling-terminal>: init is to have the console as its controlling terminal, whoever starts the domain. */
  controllingTerminal?: boolean;
  /** <virsh-lxc:host-view>: what it reads of processors, time and disks is the host's. */
  hostView?: boolean;
  /** <virsh-lxc:security>: what it says instead of lxc.conf. */
  security?: SecurityChoice;
}

export type SecurityLevel = 'libvirt' | 'default' | 'strict';

export interface SecurityChoice {
  level?: SecurityLevel;
  /** 0: as many as the host allows. */
  maxPids?: number;
}

export interface MetadataElement {
  /** The namespace that names this element's owner; unique among the children. */
  uri: string;
  /** Serialised, lines joined by \n, indented by two spaces per level relative to itself. */
  xml: string;
}

export type SharedNamespace = 'net' | 'ipc' | 'uts';
export interface NamespaceSource {
  type: 'name' | 'pid' | 'netns';
  value: string;
}

export interface BlkioDevice {
  path: string;
  weight?: number;
  readIopsSec?: number;
  writeIopsSec?: number;
  readBytesSec?: number;
  writeBytesSec?: number;
}

/** Absent: unlimited. */
export interface Memtune {
  hardLimitKiB?: number;
  softLimitKiB?: number;
  minGuaranteeKiB?: number;
  swapHardLimitKiB?: number;
}

export interface Cputune {
  shares?: number;
  periodUs?: number;
  /** Negative: unlimited. */
  quotaUs?: number;
  /** vcpupin and emulatorpin (domain/processors.ts); global_period and the like, which are kept, printed, and without effect. */
  others: EchoedElement[];
}

export interface DomainOs {
  /** As printed in <type arch=>. */
  arch: string;
  machine?: string;
  init: string;
  initargs: string[];
  initenv: { name: string; value: string }[];
  initdir?: string;
  inituser?: string;
  initgroup?: string;
  /** Reaches init as LIBVIRT_LXC_CMDLINE. */
  cmdline?: string;
  smbios?: string;
}

/** One line of uid_map or gid_map: `start` inside, `target` outside. */
export interface IdRange {
  start: number;
  target: number;
  count: number;
}

export type CapabilityPolicy = 'default' | 'allow' | 'deny';

export interface DomainFeatures {
  privnet: boolean;
  /** Capability names as in XML (`mknod`), in the fixed table order. */
  capabilities: { policy: CapabilityPolicy; states: { name: string; state: 'on' | 'off' }[] };
  /** acpi, apic, pae …: other hypervisors' features, in output order. */
  others: EchoedElement[];
}

export interface DomainClock {
  offset: 'utc' | 'localtime' | 'variable' | 'timezone' | 'absolute';
  /** adjustment, basis, timezone, start: as printed. */
  attributes: [name: string, value: string][];
  timers: { name: string; present?: 'yes' | 'no'; element: EchoedElement }[];
}

export interface DomainDevices {
  emulator: string;
  disks: DiskDevice[];
  controllers: EchoedElement[];
  leases: EchoedElement[];
  filesystems: FilesystemDevice[];
  interfaces: InterfaceDevice[];
  serials: CharDevice[];
  parallels: CharDevice[];
  consoles: CharDevice[];
  channels: EchoedElement[];
  hostdevs: HostDevice[];
  /** Devices without meaning here, printed in libvirt's order around the above: [element name]. */
  others: EchoedElement[];
}

export interface DeviceAlias {
  /** `console0` on a live domain; a user's `ua-…` anywhere. */
  alias?: string;
  /** boot, master, rom, acpi: printed around the alias. */
  info?: EchoedElement[];
}

export interface DiskDevice extends DeviceAlias {
  type: string;
  device: string;
  /** rawio, sgio, model, snapshot: as printed after `type` and `device`. */
  options: [name: string, value: string][];
  driver?: { name?: string; type?: string; others: [string, string][]; metadataCache?: EchoedElement };
  /** Path of the block device, file or directory; absent for an empty drive and for sources of other kinds. */
  source?: string;
  /** <source> as printed. */
  sourceElement?: EchoedElement;
  /** `file`, while the domain runs: the block device of the host that stands for the file. Only a status has it. */
  imageDevice?: string;
  target: { dev: string; bus: string; others: [name: string, value: string][] };
  readonly: boolean;
  shareable: boolean;
  serial?: string;
  address?: EchoedElement;
  /** auth, backingStore, geometry, iotune, wwn …: printed in libvirt's order around the above. */
  others: EchoedElement[];
}

export type FilesystemType = 'mount' | 'block' | 'file' | 'template' | 'ram' | 'bind' | 'volume';

export interface FilesystemDevice extends DeviceAlias {
  type: FilesystemType;
  /** Absent only on the root that a running domain without one is given. */
  accessmode?: 'passthrough' | 'mapped' | 'squash';
  fmode?: string;
  dmode?: string;
  model?: string;
  multidevs?: string;
  driver?: {
    type?: 'loop' | 'nbd' | 'path' | 'handle' | 'ploop' | 'virtiofs';
    format?: string;
    wrpolicy?: 'immediate';
    queue?: string;
    options: [name: string, value: string][];
  };
  /** <source socket=> of an externally run virtiofs daemon. */
  socket?: string;
  /** dir, dev, file, name or usage of <source>, by type. For `ram`: size in KiB as text; see usageKiB. */
  source: string;
  /** `volume` only: the pool. */
  pool?: string;
  /** `ram` only. */
  usageKiB?: number;
  target: string;
  /** The kernel's number of the mount, while the domain runs (mnt_id of proc_pid_fdinfo(5)). Only a status has it. */
  mountId?: number;
  readonly: boolean;
  spaceHardLimitBytes?: bigint;
  spaceSoftLimitBytes?: bigint;
  address?: EchoedElement;
  binary?: EchoedElement;
}

export interface IpAddress {
  address: string;
  family: 'ipv4' | 'ipv6';
  prefix?: number;
  peer?: string;
}

export interface IpRoute {
  family: 'ipv4' | 'ipv6';
  /** The family was written down, so it is printed. */
  printsFamily?: boolean;
  address: string;
  prefix?: number;
  netmask?: string;
  gateway: string;
  metric?: number;
}

/** Kilobytes per second and kilobytes. */
export interface BandwidthRate {
  average?: number;
  peak?: number;
  floor?: number;
  burst?: number;
}

export interface Bandwidth {
  inbound?: BandwidthRate;
  outbound?: BandwidthRate;
  /** Live: the class of the network's traffic control that guarantees the floor. */
  classId?: number;
}

export type InterfaceType =
  | 'user'
  | 'ethernet'
  | 'vhostuser'
  | 'server'
  | 'client'
  | 'mcast'
  | 'network'
  | 'bridge'
  | 'internal'
  | 'direct'
  | 'hostdev'
  | 'udp'
  | 'vdpa'
  | 'null'
  | 'vds';

export interface InterfaceDevice extends DeviceAlias {
  type: InterfaceType;
  /** trustGuestRxFilters, managed. */
  options: [name: string, value: string][];
  /** Lower case. */
  mac: string;
  /** type, check of <mac>. */
  macOptions: [name: string, value: string][];
  /** network, bridge or dev of <source>, by type. */
  source?: string;
  /** type direct. */
  sourceMode?: 'vepa' | 'bridge' | 'private' | 'passthrough';
  portgroup?: string;
  /** Live, type network: the port's uuid, and what the network gave. */
  portid?: string;
  actual?: ActualInterface;
  /** type ethernet: host-side addresses. */
  hostIps: IpAddress[];
  hostRoutes: IpRoute[];
  /** <source> of the types that only pass through (user, server …). */
  sourceElement?: EchoedElement;
  vlan?: EchoedElement;
  virtualport?: EchoedElement;
  bandwidth?: Bandwidth;
  portIsolated?: boolean;
  /** Options of virtio that another card was given. */
  virtioOptions?: string[];
  ips: IpAddress[];
  routes: IpRoute[];
  script?: string;
  downscript?: string;
  /** Host-side device name. */
  targetDev?: string;
  targetManaged?: 'yes' | 'no';
  guestDev?: string;
  guestActual?: string;
  model?: string;
  driver?: EchoedElement;
  filterref?: EchoedElement;
  linkState?: 'up' | 'down';
  mtu?: number;
  address?: EchoedElement;
  others: EchoedElement[];
}

/** How an interface of type network is connected: what it asked for, completed by its port group and its network. */
export type ActualInterface = {
  vlan?: EchoedElement;
  virtualport?: EchoedElement;
  bandwidth?: Bandwidth;
  portIsolated?: boolean;
} & (
  | {
      /** network: a bridge that the network made. bridge: one of the host. */
      type: 'network' | 'bridge';
      source: string;
      macTableManager?: 'kernel' | 'libvirt';
    }
  | { type: 'direct'; source: string; sourceMode: NonNullable<InterfaceDevice['sourceMode']> }
);

/** A serial, parallel or console device. */
export interface CharDevice extends DeviceAlias {
  type: string;
  /** Live pty: the host's /dev/pts/N. For type file: the path. */
  sourcePath?: string;
  /** <source> as given, for types other than pty. */
  source?: EchoedElement;
  targetType?: string;
  targetModel?: string;
  port: number;
  /** A second <source>, <log>, <protocol>: printed before <target>. */
  others: EchoedElement[];
  address?: EchoedElement;
}

export interface HostDevice extends DeviceAlias {
  mode: 'capabilities' | 'subsystem';
  /** capabilities: storage, misc, net; subsystem: usb, pci … */
  type: string;
  /** capabilities: the block or char device node, or the interface. */
  source?: string;
  managed?: 'yes' | 'no';
  /** subsystem: sgio, rawio, model, display, ramfb. */
  options: [name: string, value: string][];
  /** subsystem: <source> as printed. */
  sourceElement?: EchoedElement;
  usb?: { vendor?: number; product?: number; bus?: number; device?: number };
  /** capabilities net. */
  ips: IpAddress[];
  routes: IpRoute[];
  readonly: boolean;
  shareable: boolean;
  /** <driver>, <teaming>. */
  others: EchoedElement[];
  address?: EchoedElement;
}

export interface Seclabel {
  type: 'dynamic' | 'static' | 'none' | 'default';
  model?: string;
  relabel?: 'yes' | 'no';
  label?: string;
  baselabel?: string;
  imagelabel?: string;
}

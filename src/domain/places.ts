// The elements and attributes that a domain's document has, by their places, as libvirt's schema has them. What a container never uses
// is passed (`ANY`).

/** What may stand in an element. `many`: children that may come more than once. */
export interface Place {
  attributes?: string;
  /** Attributes that it must have. */
  required?: string;
  children?: Readonly<Record<string, Place>>;
  many?: string;
  /** Anything may stand in it. */
  any?: boolean;
}

export const NOTHING: Readonly<Record<string, Place>> = {};
const ANY: Place = { any: true };
const EMPTY: Place = {};
const attributes = (names: string, required?: string): Place => (required ? { attributes: names, required } : { attributes: names });

const INFO: Readonly<Record<string, Place>> = {
  alias: attributes('name'),
  acpi: attributes('index'),
  address: ANY,
  boot: attributes('order loadparm'),
  rom: attributes('enabled bar file'),
};

const ADDRESSES: Readonly<Record<string, Place>> = {
  ip: attributes('address family prefix peer', 'address'),
  route: attributes('family address netmask prefix gateway metric', 'address gateway'),
};

const RATE = attributes('average peak floor burst');

const CHARACTER_DEVICE: Place = {
  attributes: 'type tty',
  children: {
    ...INFO,
    source: ANY,
    protocol: attributes('type'),
    log: attributes('file append'),
    target: ANY,
  },
  many: 'source',
};

const FILESYSTEM: Place = {
  attributes: 'type model accessmode multidevs fmode dmode',
  children: {
    ...INFO,
    driver: attributes('type format wrpolicy queue iommu ats packed page_per_vq'),
    binary: ANY,
    source: attributes('dir file dev name usage units socket'),
    target: attributes('dir'),
    readonly: EMPTY,
    space_hard_limit: attributes('unit'),
    space_soft_limit: attributes('unit'),
  },
};

const INTERFACE: Place = {
  attributes: 'type managed trustGuestRxFilters',
  required: 'type',
  children: {
    ...INFO,
    ...ADDRESSES,
    source: ANY,
    virtualport: ANY,
    link: attributes('state', 'state'),
    mtu: attributes('size', 'size'),
    coalesce: ANY,
    target: attributes('dev managed', 'dev'),
    guest: attributes('dev actual'),
    mac: attributes('address type check', 'address'),
    portForward: ANY,
    script: attributes('path'),
    downscript: attributes('path'),
    backenddomain: attributes('name'),
    model: attributes('type'),
    backend: attributes('type tap vhost logFile'),
    driver: ANY,
    filterref: ANY,
    tune: { children: { sndbuf: EMPTY } },
    bandwidth: { attributes: 'classID', children: { inbound: RATE, outbound: RATE } },
    vlan: { attributes: 'trunk', children: { tag: attributes('id nativeMode') }, many: 'tag' },
    port: attributes('isolated'),
    teaming: attributes('type persistent'),
  },
  many: 'ip route portForward',
};

const HOSTDEV: Place = {
  attributes: 'mode type managed sgio rawio model display ramfb',
  required: 'type',
  children: { ...INFO, ...ADDRESSES, source: ANY, driver: ANY, teaming: ANY, readonly: EMPTY, shareable: EMPTY },
  many: 'ip route',
};

export const DEVICES: Place = {
  children: {
    emulator: EMPTY,
    filesystem: FILESYSTEM,
    interface: INTERFACE,
    hostdev: HOSTDEV,
    console: CHARACTER_DEVICE,
    serial: { ...CHARACTER_DEVICE, required: 'type' },
    parallel: { ...CHARACTER_DEVICE, required: 'type' },
    disk: ANY,
    controller: ANY,
    lease: ANY,
    input: ANY,
    sound: ANY,
    audio: ANY,
    graphics: ANY,
    video: ANY,
    channel: ANY,
    smartcard: ANY,
    hub: ANY,
    redirdev: ANY,
    redirfilter: ANY,
    rng: ANY,
    tpm: ANY,
    shmem: ANY,
    memory: ANY,
    watchdog: ANY,
    memballoon: ANY,
    nvram: ANY,
    panic: ANY,
    iommu: ANY,
    vsock: ANY,
  },
  many: 'disk controller lease filesystem interface input sound audio hostdev graphics video console parallel serial channel smartcard hub redirdev redirfilter rng tpm shmem memory panic',
};

const OS: Place = {
  children: {
    type: attributes('arch'),
    init: EMPTY,
    initarg: EMPTY,
    initenv: attributes('name', 'name'),
    initdir: EMPTY,
    inituser: EMPTY,
    initgroup: EMPTY,
  },
  many: 'initarg initenv',
};

const STATE = attributes('state');

const FEATURES: Place = {
  children: {
    pae: EMPTY,
    apic: attributes('eoi'),
    acpi: EMPTY,
    hap: STATE,
    hyperv: ANY,
    viridian: EMPTY,
    kvm: ANY,
    xen: ANY,
    privnet: EMPTY,
    pvspinlock: STATE,
    capabilities: ANY,
    pmu: STATE,
    vmport: STATE,
    gic: attributes('version'),
    smm: ANY,
    ioapic: attributes('driver'),
    hpt: ANY,
    vmcoreinfo: STATE,
    htm: STATE,
    'nested-hv': STATE,
    msrs: attributes('unknown'),
    'ccf-assist': STATE,
    cfpc: attributes('value'),
    sbbc: attributes('value'),
    ibs: attributes('value'),
    tcg: ANY,
  },
};

const ID_RANGE = attributes('start target count', 'start target count');
const SIZE = attributes('unit');

export const DOMAIN: Readonly<Record<string, Place>> = {
  name: EMPTY,
  uuid: EMPTY,
  genid: EMPTY,
  title: EMPTY,
  description: EMPTY,
  metadata: ANY,
  cpu: ANY,
  sysinfo: ANY,
  bootloader: EMPTY,
  bootloader_args: EMPTY,
  os: OS,
  clock: { attributes: 'offset adjustment basis timezone start', required: 'offset', children: { timer: ANY }, many: 'timer' },
  memory: attributes('unit dumpCore'),
  maxMemory: attributes('unit slots'),
  currentMemory: SIZE,
  memoryBacking: ANY,
  vcpu: attributes('placement cpuset current'),
  vcpus: ANY,
  iothreads: EMPTY,
  iothreadids: ANY,
  defaultiothread: ANY,
  blkiotune: {
    children: {
      weight: EMPTY,
      device: {
        children: {
          path: EMPTY,
          weight: EMPTY,
          read_iops_sec: EMPTY,
          write_iops_sec: EMPTY,
          read_bytes_sec: EMPTY,
          write_bytes_sec: EMPTY,
        },
      },
    },
    many: 'device',
  },
  memtune: { children: { hard_limit: SIZE, soft_limit: SIZE, min_guarantee: SIZE, swap_hard_limit: SIZE } },
  cputune: {
    children: {
      shares: EMPTY,
      period: EMPTY,
      quota: EMPTY,
      global_period: EMPTY,
      global_quota: EMPTY,
      emulator_period: EMPTY,
      emulator_quota: EMPTY,
      iothread_period: EMPTY,
      iothread_quota: EMPTY,
      vcpupin: attributes('vcpu cpuset'),
      emulatorpin: attributes('cpuset'),
      iothreadpin: attributes('iothread cpuset'),
      vcpusched: attributes('vcpus scheduler priority'),
      iothreadsched: attributes('iothreads scheduler priority'),
      emulatorsched: attributes('scheduler priority'),
      cachetune: ANY,
      memorytune: ANY,
    },
    many: 'vcpupin iothreadpin vcpusched iothreadsched cachetune memorytune',
  },
  numatune: {
    children: { memory: attributes('mode placement nodeset'), memnode: attributes('cellid mode nodeset') },
    many: 'memnode',
  },
  resource: { children: { partition: EMPTY, fibrechannel: attributes('appid') } },
  features: FEATURES,
  on_reboot: EMPTY,
  on_poweroff: EMPTY,
  on_crash: EMPTY,
  on_lockfailure: EMPTY,
  pm: ANY,
  perf: ANY,
  idmap: { children: { uid: ID_RANGE, gid: ID_RANGE }, many: 'uid gid' },
  devices: DEVICES,
  seclabel: { attributes: 'model type relabel', children: { label: EMPTY, imagelabel: EMPTY, baselabel: EMPTY } },
  keywrap: ANY,
  launchSecurity: ANY,
};

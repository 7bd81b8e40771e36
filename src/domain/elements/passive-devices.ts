// Devices of virtual machines that a container's definition may carry: kept and printed, without effect. Those that the LXC driver
// refuses (input, memory) are refused here.

import { libvirtError } from '../../errors.ts';
import type { DomainDefinition, DomainDevices, EchoedElement } from '../definition.ts';
import { parseUint32 } from '../numbers.ts';
import { attributeOf, childOf, childrenOf, textOf, type XmlElement } from '../xml/element.ts';
import { enumAttribute } from './attributes.ts';
import { charTypeOf, parseCharSource } from './console.ts';
import { deviceInfoElements, parseDeviceInfo } from './device-info.ts';
import {
  type AttributeReader,
  demanded,
  type EchoRule,
  echo,
  echoedAttribute,
  echoedElement,
  hexadecimal,
  integer,
  isBare,
  nonZero,
  oldEnum,
  oneOf,
  onOff,
  orElse,
  positive,
  required,
  string,
  unsigned,
  yesNo,
} from './echoed.ts';

const VIRTIO_DRIVER: EchoRule = {
  name: 'driver',
  omitEmpty: true,
  attributes: [
    ['iommu', onOff],
    ['ats', onOff],
    ['packed', onOff],
    ['page_per_vq', onOff],
  ],
};

const VIRTIO_MODELS = ['virtio', 'virtio-transitional', 'virtio-non-transitional'];

interface PassiveRule extends EchoRule {
  /** More than one is refused, in these words, as XML_ERROR (older ones: INTERNAL_ERROR). */
  only?: string;
  onlyCode?: 'XML_ERROR';
}

const MEMBALLOON: PassiveRule = {
  name: 'memballoon',
  only: 'only a single memory balloon device is supported',
  attributes: [
    ['model', required(oneOf('virtio', 'xen', 'none', 'virtio-transitional', 'virtio-non-transitional'))],
    ['autodeflate', onOff],
    ['freePageReporting', onOff],
  ],
  children: [{ name: 'stats', omitEmpty: true, attributes: [['period', positive]] }, VIRTIO_DRIVER],
};

const RNG: PassiveRule = {
  name: 'rng',
  attributes: [
    [
      'model',
      demanded(
        oldEnum(VIRTIO_MODELS, (value) => `unknown RNG model '${value}'`),
        'XML_ERROR',
        'missing RNG device model',
      ),
    ],
  ],
  children: [
    {
      name: 'rate',
      omitEmpty: true,
      attributes: [
        ['bytes', required(positive)],
        ['period', positive],
      ],
    },
  ],
  finish: (echoed, element) => {
    const backends = childrenOf(element, 'backend');
    if (backends.length !== 1) throw libvirtError('XML_ERROR', 'only one RNG backend is supported');
    const driver = childOf(element, 'driver');
    const kept = driver && echo(VIRTIO_DRIVER, driver);
    return { ...echoed, children: [...echoed.children, rngBackend(backends[0] as XmlElement), ...(kept ? [kept] : [])] };
  },
};

function rngBackend(element: XmlElement): EchoedElement {
  const model = attributeOf(element, 'model');
  if (model === undefined) throw libvirtError('XML_ERROR', 'missing RNG device backend model');
  switch (model) {
    case 'random':
      return echoedElement('backend', [['model', model]], [], textOf(element) || '/dev/random');
    case 'builtin':
      return echoedElement('backend', [['model', model]]);
    case 'egd': {
      const type = attributeOf(element, 'type');
      if (type === undefined || charTypes(type) === undefined)
        throw libvirtError('CONFIG_UNSUPPORTED', `unknown backend type '${type ?? ''}' for egd`);
      return echoedElement(
        'backend',
        [
          ['model', model],
          ['type', type],
        ],
        parseCharSource(element, type, false),
      );
    }
    default:
      throw libvirtError('CONFIG_UNSUPPORTED', `unknown RNG backend model '${model}'`);
  }
}

function charTypes(type: string): string | undefined {
  return ['null', 'vc', 'pty', 'dev', 'file', 'pipe', 'stdio', 'udp', 'tcp', 'unix', 'nmdm'].find((known) => known === type);
}

const WATCHDOG: PassiveRule = {
  name: 'watchdog',
  only: 'only a single watchdog device is supported',
  attributes: [
    [
      'model',
      demanded(
        oldEnum(['i6300esb', 'ib700', 'diag288'], (value) => `unknown watchdog model '${value}'`),
        'INTERNAL_ERROR',
        'watchdog must contain model name',
      ),
    ],
    [
      'action',
      orElse(
        oldEnum(['reset', 'shutdown', 'poweroff', 'pause', 'dump', 'none', 'inject-nmi'], (value) => `unknown watchdog action '${value}'`),
        'reset',
      ),
    ],
  ],
};

const SOUND: PassiveRule = {
  name: 'sound',
  attributes: [['model', required(oneOf('sb16', 'es1370', 'pcspk', 'ac97', 'ich6', 'ich9', 'usb', 'ich7'))]],
  children: [
    { name: 'codec', many: true, attributes: [['type', required(oneOf('duplex', 'micro', 'output'))]] },
    { name: 'audio', omitEmpty: true, attributes: [['id', required(nonZero)]] },
  ],
  finish: (echoed) =>
    // Only the Intel ones have codecs.
    /^ich[67]$/.test(echoedAttribute(echoed, 'model') ?? '')
      ? echoed
      : { ...echoed, children: echoed.children.filter(({ name }) => name !== 'codec') },
};

const AUDIO_IO = (name: string): EchoRule => ({
  name,
  omitEmpty: true,
  attributes: [
    ['mixingEngine', yesNo],
    ['fixedSettings', yesNo],
    ['voices', positive],
    ['bufferLength', positive],
    ['name', string],
    ['streamName', string],
    ['latency', positive],
    ['dev', string],
    ['bufferCount', positive],
    ['tryPoll', yesNo],
    ['serverName', string],
    ['clientName', string],
    ['connectPorts', string],
    ['exactName', yesNo],
  ],
  children: [
    {
      name: 'settings',
      omitEmpty: true,
      attributes: [
        ['frequency', positive],
        ['channels', positive],
        ['format', oneOf('s8', 'u8', 's16', 'u16', 's32', 'u32', 'f32')],
      ],
    },
  ],
});

const AUDIO: PassiveRule = {
  name: 'audio',
  attributes: [
    ['id', required(nonZero)],
    ['type', required(oneOf('none', 'alsa', 'coreaudio', 'jack', 'oss', 'pulseaudio', 'sdl', 'spice', 'file', 'dbus'))],
    ['driver', string],
    ['path', string],
    ['serverName', string],
    ['tryMMap', yesNo],
    ['exclusive', yesNo],
    ['dspPolicy', integer],
    ['timerPeriod', positive],
  ],
  children: [AUDIO_IO('input'), AUDIO_IO('output')],
};

const TPM: PassiveRule = {
  name: 'tpm',
  attributes: [['model', oneOf('tpm-tis', 'tpm-crb', 'tpm-spapr', 'spapr-tpm-proxy')]],
  finish: (echoed, element) => {
    const backends = childrenOf(element, 'backend');
    if (backends.length > 1) throw libvirtError('XML_ERROR', 'only one TPM backend is supported');
    const [backend] = backends;
    if (backend === undefined) throw libvirtError('XML_ERROR', 'missing TPM device backend');
    return { ...echoed, children: [tpmBackend(backend)] };
  },
};

const PCR_BANKS = ['sha1', 'sha256', 'sha384', 'sha512'];

function tpmBackend(element: XmlElement): EchoedElement {
  const type = attributeOf(element, 'type');
  if (type === undefined) throw libvirtError('XML_ERROR', "Missing required attribute 'type' in element 'backend'");
  const kind = enumAttribute(element, 'type', ['passthrough', 'emulator', 'external']);
  if (kind === 'passthrough') {
    const device = childOf(element, 'device');
    const path = (device && attributeOf(device, 'path')) || '/dev/tpm0';
    return echoedElement('backend', [['type', kind]], [echoedElement('device', [['path', path]])]);
  }
  if (kind === 'external') {
    const source = childOf(element, 'source');
    const sourceType = source && attributeOf(source, 'type');
    if (source === undefined || sourceType === undefined) throw libvirtError('XML_ERROR', 'missing external TPM backend type');
    return echoedElement(
      'backend',
      [['type', kind]],
      [
        echoedElement('source', [
          ['type', sourceType],
          ['mode', attributeOf(source, 'mode')],
          ['path', attributeOf(source, 'path')],
        ]),
      ],
    );
  }
  const children: EchoedElement[] = [];
  const encryption = childOf(element, 'encryption');
  const secret = encryption && attributeOf(encryption, 'secret');
  if (secret !== undefined) children.push(echoedElement('encryption', [['secret', secret]]));
  const banks = childOf(element, 'active_pcr_banks');
  const chosen = banks ? PCR_BANKS.filter((bank) => childOf(banks, bank)) : [];
  if (chosen.length > 0)
    children.push(
      echoedElement(
        'active_pcr_banks',
        [],
        chosen.map((bank) => echoedElement(bank, [])),
      ),
    );
  return echoedElement(
    'backend',
    [
      ['type', 'emulator'],
      ['version', enumAttribute(element, 'version', ['1.2', '2.0'])],
      ['persistent_state', enumAttribute(element, 'persistent_state', ['yes', 'no'])],
    ],
    children,
  );
}

const HUB: PassiveRule = {
  name: 'hub',
  attributes: [
    [
      'type',
      demanded(
        oldEnum(['usb'], (value) => `unknown hub device type '${value}'`),
        'INTERNAL_ERROR',
        'missing hub device type',
      ),
    ],
  ],
};

const REDIRFILTER: PassiveRule = {
  name: 'redirfilter',
  only: 'only one set of redirection filter rule is supported',
  children: [
    {
      name: 'usbdev',
      many: true,
      attributes: [
        ['class', filterField(2)],
        ['vendor', filterField(4)],
        ['product', filterField(4)],
        ['version', (element, name) => wildcard(attributeOf(element, name))],
        ['allow', required(yesNo)],
      ],
    },
  ],
};

function filterField(digits: number): AttributeReader {
  const read = hexadecimal(digits, { upper: true });
  return (element, name) => (wildcard(attributeOf(element, name)) === undefined ? undefined : read(element, name));
}

/** -1 stands for anything and is left out. */
function wildcard(text: string | undefined): string | undefined {
  return text === '-1' ? undefined : text;
}

const PANIC: PassiveRule = {
  name: 'panic',
  attributes: [['model', oldEnum(['isa', 'pseries', 'hyperv', 's390', 'pvpanic'], (value) => `unknown panic model '${value}'`)]],
};

const SHMEM: PassiveRule = {
  name: 'shmem',
  attributes: [
    ['name', demanded(string, 'XML_ERROR', "shmem element must contain 'name' attribute")],
    ['role', oneOf('master', 'peer')],
  ],
  finish: (echoed, element) => shmem(echoed, element),
};

function shmem(echoed: EchoedElement, element: XmlElement): EchoedElement {
  const model = childOf(element, 'model');
  const type = (model && enumAttribute(model, 'type', ['ivshmem', 'ivshmem-plain', 'ivshmem-doorbell'])) ?? 'ivshmem';
  const children = [echoedElement('model', [['type', type]])];
  const size = childOf(element, 'size');
  if (size) {
    const text = textOf(size);
    const mebibytes = parseUint32(text);
    if (mebibytes === undefined) throw libvirtError('XML_ERROR', `Invalid value '${text}' for element or attribute './size[1]'`);
    children.push(echoedElement('size', [['unit', 'M']], [], String(mebibytes)));
  }
  const server = childOf(element, 'server');
  if (server) children.push(echoedElement('server', [['path', attributeOf(server, 'path')]]));
  const msi = childOf(element, 'msi');
  const kept =
    msi &&
    echo(
      {
        name: 'msi',
        attributes: [
          ['vectors', positive],
          ['ioeventfd', onOff],
        ],
      },
      msi,
    );
  if (kept && server === undefined) throw libvirtError('XML_ERROR', 'msi option is only supported with a server');
  if (kept) children.push(kept);
  // The role is only kept for the plain and doorbell models.
  const attributes = type === 'ivshmem' ? echoed.attributes.filter(([name]) => name !== 'role') : echoed.attributes;
  return { ...echoed, attributes, children };
}

const IOMMU: PassiveRule = {
  name: 'iommu',
  only: 'only a single IOMMU device is supported',
  onlyCode: 'XML_ERROR',
  attributes: [['model', required(oneOf('intel', 'smmuv3', 'virtio'))]],
  children: [
    {
      name: 'driver',
      omitEmpty: true,
      attributes: [
        ['intremap', onOff],
        ['caching_mode', onOff],
        ['eim', onOff],
        ['iotlb', onOff],
        ['aw_bits', positive],
      ],
    },
  ],
};

const VSOCK: PassiveRule = {
  name: 'vsock',
  only: 'only a single vsock device is supported',
  onlyCode: 'XML_ERROR',
  attributes: [['model', oneOf(...VIRTIO_MODELS)]],
  finish: (echoed, element) => {
    const cid = childOf(element, 'cid');
    const auto =
      (cid && enumAttribute(cid, 'auto', ['yes', 'no'])) ?? (cid && attributeOf(cid, 'address') !== undefined ? undefined : 'yes');
    const address = auto === 'yes' || cid === undefined ? undefined : unsigned(cid, 'address');
    const driver = childOf(element, 'driver');
    const kept = driver && echo(VIRTIO_DRIVER, driver);
    return {
      ...echoed,
      children: [
        echoedElement('cid', [
          ['auto', auto],
          ['address', address],
        ]),
        ...(kept ? [kept] : []),
      ],
    };
  },
};

const NVRAM: PassiveRule = { name: 'nvram', only: 'only a single nvram device is supported', open: true };

const SMARTCARD: PassiveRule = {
  name: 'smartcard',
  attributes: [['mode', required(oneOf('host', 'host-certificates', 'passthrough'))]],
  finish: (echoed, element) => smartcard(echoed, element),
};

function smartcard(echoed: EchoedElement, element: XmlElement): EchoedElement {
  switch (echoedAttribute(echoed, 'mode')) {
    case 'host-certificates': {
      const certificates = childrenOf(element, 'certificate').map(textOf);
      if (certificates.length !== 3) throw libvirtError('XML_ERROR', 'host-certificates mode needs exactly three certificates');
      const database = childOf(element, 'database');
      const path = database && textOf(database);
      if (path && !path.startsWith('/')) throw libvirtError('XML_ERROR', `expecting absolute path: ${path}`);
      const children = certificates.map((text) => echoedElement('certificate', [], [], text));
      if (path) children.push(echoedElement('database', [], [], path));
      return { ...echoed, children };
    }
    case 'passthrough': {
      if (attributeOf(element, 'type') === undefined)
        throw libvirtError('XML_ERROR', 'passthrough mode requires a character device type attribute');
      const type = charTypeOf(element);
      return { ...echoed, attributes: [...echoed.attributes, ['type', type]], children: parseCharSource(element, type, false) };
    }
    default:
      return echoed;
  }
}

/** A reader of cards hangs on a CCID controller. */
function ccidAddress(device: EchoedElement): EchoedElement {
  if (device.name !== 'smartcard' || device.children.some(({ name }) => name === 'address')) return device;
  const address = echoedElement('address', [
    ['type', 'ccid'],
    ['controller', '0'],
    ['slot', '0'],
  ]);
  return { ...device, children: [...device.children, address] };
}

const VIDEO_MODELS = ['default', 'vga', 'cirrus', 'vmvga', 'xen', 'vbox', 'qxl', 'parallels', 'virtio', 'gop', 'none', 'bochs', 'ramfb'];

const VIDEO: PassiveRule = {
  name: 'video',
  finish: (_echoed, element) => {
    const model = childOf(element, 'model');
    const type = model && attributeOf(model, 'type');
    if (type !== undefined && !VIDEO_MODELS.includes(type)) throw libvirtError('CONFIG_UNSUPPORTED', `unknown video model '${type}'`);
    if (model === undefined || type === undefined || type === 'default') return echoedElement('video', []);
    if (type === 'none') return echoedElement('video', [], [echoedElement('model', [['type', type]])]);
    const memory = type === 'cirrus' || type === 'vga' || type === 'bochs' || type === 'vmvga' ? '16384' : undefined;
    const qxl = type === 'qxl';
    return echoedElement(
      'video',
      [],
      [
        echoedElement('model', [
          ['type', type],
          ['ram', qxl ? (unsigned(model, 'ram') ?? '65536') : undefined],
          ['vram', unsigned(model, 'vram') ?? (qxl ? '65536' : memory)],
          ['vram64', qxl ? positive(model, 'vram64') : undefined],
          ['vgamem', qxl ? (unsigned(model, 'vgamem') ?? '16384') : undefined],
          ['heads', unsigned(model, 'heads') ?? '1'],
          ['primary', yesNo(model, 'primary')],
          ['blob', onOff(model, 'blob')],
        ]),
      ],
    );
  },
};

const GRAPHICS: PassiveRule = {
  name: 'graphics',
  attributes: [['type', required(oneOf('sdl', 'vnc', 'rdp', 'desktop', 'spice', 'egl-headless', 'dbus'))]],
  finish: (echoed, element) => {
    const type = echoedAttribute(echoed, 'type') ?? '';
    if (type !== 'vnc' && type !== 'spice' && type !== 'rdp') return echoed;
    const port = integer(element, 'port');
    const auto = port === undefined || port === '-1' || attributeOf(element, 'autoport') === 'yes';
    const listen = attributeOf(element, 'listen');
    return {
      ...echoed,
      attributes: [
        ...echoed.attributes,
        ['port', auto ? '-1' : (port ?? '-1')],
        ['autoport', auto ? 'yes' : 'no'],
        ...(listen === undefined ? [] : ([['listen', listen]] as [string, string][])),
      ],
      children: [
        echoedElement('listen', [
          ['type', 'address'],
          ['address', listen],
        ]),
      ],
    };
  },
};

const INPUT: PassiveRule = {
  name: 'input',
  attributes: [
    [
      'type',
      demanded(
        oldEnum(['mouse', 'tablet', 'keyboard', 'passthrough', 'evdev'], (value) => `unknown input device type '${value}'`),
        'INTERNAL_ERROR',
        'missing input device type',
      ),
    ],
    ['bus', oldEnum(['ps2', 'usb', 'xen', 'parallels', 'virtio', 'none'], (value) => `unknown input bus type '${value}'`)],
  ],
};

const REDIRDEV: PassiveRule = {
  name: 'redirdev',
  attributes: [
    ['bus', orElse(oneOf('usb'), 'usb')],
    ['type', demanded(string, 'INTERNAL_ERROR', 'missing type in redirdev')],
  ],
  finish: (echoed, element) => ({ ...echoed, children: parseCharSource(element, charTypeOf(element), false) }),
};

const MEMORY_DEVICE: PassiveRule = {
  name: 'memory',
  attributes: [['model', required(oneOf('dimm', 'nvdimm', 'virtio-pmem', 'virtio-mem', 'sgx-epc'))]],
};

const LEASE: PassiveRule = {
  name: 'lease',
  finish: (_echoed, element) => {
    const lockspace = childOf(element, 'lockspace');
    const key = childOf(element, 'key');
    const target = childOf(element, 'target');
    if (!lockspace || textOf(lockspace) === '') throw libvirtError('PLAIN', 'An error occurred, but the cause is unknown');
    if (!key || textOf(key) === '') throw libvirtError('XML_ERROR', "Missing 'key' element for lease");
    if (!target) throw libvirtError('XML_ERROR', "Missing 'target' element for lease");
    const path = attributeOf(target, 'path');
    if (path === undefined) throw libvirtError('XML_ERROR', "Missing 'path' attribute to 'target' element for lease");
    const offset = positive(target, 'offset');
    return echoedElement(
      'lease',
      [],
      [
        echoedElement('lockspace', [], [], textOf(lockspace)),
        echoedElement('key', [], [], textOf(key)),
        echoedElement('target', [
          ['path', path],
          ['offset', offset],
        ]),
      ],
    );
  },
};

/** In the order in which libvirt reads them. */
const BEFORE_HOSTDEVS: readonly PassiveRule[] = [INPUT, GRAPHICS, SOUND, AUDIO, VIDEO];
const AFTER_HOSTDEVS: readonly PassiveRule[] = [WATCHDOG, MEMBALLOON, RNG, TPM, NVRAM, HUB, REDIRDEV, REDIRFILTER, PANIC, SHMEM];
const LAST: readonly PassiveRule[] = [MEMORY_DEVICE, IOMMU, VSOCK];

/** The order of printing; the hostdevs stand after video. */
const BEFORE_HOSTDEVS_PRINTED = ['input', 'tpm', 'graphics', 'sound', 'audio', 'video'];
const AFTER_HOSTDEVS_PRINTED = [
  'redirdev',
  'redirfilter',
  'hub',
  'watchdog',
  'memballoon',
  'rng',
  'nvram',
  'panic',
  'shmem',
  'memory',
  'iommu',
  'vsock',
];

/** Which echoed devices follow one another, by the typed device that they follow. */
export const PASSIVE_ORDER = {
  afterInterfaces: ['smartcard'],
  afterChannels: BEFORE_HOSTDEVS_PRINTED,
  afterHostdevs: AFTER_HOSTDEVS_PRINTED,
};

function parseAll(devices: XmlElement, rules: readonly PassiveRule[], live: boolean): EchoedElement[] {
  const kept: EchoedElement[] = [];
  for (const rule of rules) {
    const elements = childrenOf(devices, rule.name);
    if (rule.only && elements.length > 1) throw libvirtError(rule.onlyCode ?? 'INTERNAL_ERROR', rule.only);
    for (const element of elements) {
      const device = parsePassive(rule, element, live);
      if (device) kept.push(device);
    }
  }
  return kept;
}

function parsePassive(rule: EchoRule, element: XmlElement, live: boolean): EchoedElement | undefined {
  const echoed = echo(rule, element);
  if (echoed === undefined || ['lease', 'redirfilter', 'audio', 'graphics'].includes(rule.name)) return echoed;
  const info = deviceInfoElements(parseDeviceInfo(element, { live }));
  const device = ccidAddress({ ...echoed, children: [...echoed.children, ...info] });
  // A panic device without a model or address has nothing to say.
  return rule.name === 'panic' && isBare(device) ? undefined : device;
}

export function parseSmartcards(devices: XmlElement, live: boolean): EchoedElement[] {
  return parseAll(devices, [SMARTCARD], live);
}

export function parseEarlyPassive(devices: XmlElement, live: boolean): EchoedElement[] {
  return parseAll(devices, BEFORE_HOSTDEVS, live);
}

export function parseLatePassive(devices: XmlElement, live: boolean): EchoedElement[] {
  return parseAll(devices, AFTER_HOSTDEVS, live);
}

export function parseLastPassive(devices: XmlElement, live: boolean): EchoedElement[] {
  return parseAll(devices, LAST, live);
}

export function parseLeases(devices: XmlElement): EchoedElement[] {
  return parseAll(devices, [LEASE], false);
}

const ALL: readonly PassiveRule[] = [...BEFORE_HOSTDEVS, ...AFTER_HOSTDEVS, ...LAST, SMARTCARD, LEASE];

/** One device of a kind that is only kept; undefined for a name that is none of them. */
export function parsePassiveDevice(element: XmlElement, live: boolean): EchoedElement | undefined {
  const rule = ALL.find(({ name }) => name === element.local);
  return rule && parsePassive(rule, element, live);
}

/** Memory modules are refused before anything else about devices is looked at. */
export function rejectMemoryDevices({ others }: DomainDevices): void {
  if (others.some(({ name }) => name === 'memory'))
    throw libvirtError('CONFIG_UNSUPPORTED', 'memory devices are not supported by this driver');
}

/** The first video card is the primary one. */
export function settlePassive({ others }: DomainDevices): void {
  const models = others.flatMap(({ name, children }) => (name === 'video' ? children.filter((child) => child.name === 'model') : []));
  const [first] = models;
  if (first && !models.some((model) => echoedAttribute(model, 'primary') === 'yes') && echoedAttribute(first, 'type') !== 'none')
    first.attributes.push(['primary', 'yes']);
}

/** What the LXC driver, or the lack of another device, does not allow. */
export function validatePassive(devices: DomainDevices): void {
  const { others } = devices;
  const all = (name: string): EchoedElement[] => others.filter((device) => device.name === name);
  for (const sound of all('sound')) {
    const audio = sound.children.find(({ name }) => name === 'audio');
    const id = audio && echoedAttribute(audio, 'id');
    if (id !== undefined && !all('audio').some((known) => echoedAttribute(known, 'id') === id))
      throw libvirtError('XML_ERROR', `no audio device with ID ${id}`);
  }
  // A screen needs a card, and there is none to choose here.
  const videos = all('video');
  if (videos.some(({ children }) => !children.some(({ name }) => name === 'model')) || (videos.length === 0 && all('graphics').length > 0))
    throw libvirtError('INTERNAL_ERROR', 'missing video model and cannot determine default');
  if (all('input').length > 0) throw libvirtError('INTERNAL_ERROR', 'Input devices are not supported by this virtualization driver.');
  const hasUsb = devices.controllers.some(
    (controller) => echoedAttribute(controller, 'type') === 'usb' && echoedAttribute(controller, 'model') !== 'none',
  );
  if (all('redirdev').length > 0 && !hasUsb)
    throw libvirtError('CONFIG_UNSUPPORTED', 'cannot add redirected USB device: USB is disabled for this domain');
}

/** Interrupt remapping needs an I/O APIC of the hypervisor's own. */
export function validateIommu({ devices, features }: DomainDefinition): void {
  const driver = devices.others.find(({ name }) => name === 'iommu')?.children.find(({ name }) => name === 'driver');
  if (driver === undefined) return;
  const ioapic = features.others.find(({ name }) => name === 'ioapic');
  if (echoedAttribute(driver, 'intremap') === 'on' && (!ioapic || echoedAttribute(ioapic, 'driver') !== 'qemu'))
    throw libvirtError('CONFIG_UNSUPPORTED', "IOMMU interrupt remapping requires split I/O APIC (ioapic driver='qemu')");
  if (echoedAttribute(driver, 'eim') === 'on' && echoedAttribute(driver, 'intremap') !== 'on')
    throw libvirtError('CONFIG_UNSUPPORTED', 'IOMMU eim requires interrupt remapping to be enabled');
}

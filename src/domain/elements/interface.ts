// <interface>: network devices of the container.

import { libvirtError } from '../../errors.ts';
import type { EchoedElement, InterfaceDevice, InterfaceType } from '../definition.ts';
import { parseUint32, parseUint64, UINT_MAX } from '../numbers.ts';
import { attributeOf, childOf, childText, type XmlElement } from '../xml/element.ts';
import type { Attributes, XmlWriter } from '../xml/writer.ts';
import { parseActual, writeActual, writeConnection } from './actual-interface.ts';
import {
  enumAttribute,
  integerAttribute,
  missingAttribute,
  ON_OFF,
  requiredAttribute,
  requiredEnum,
  unsignedAttribute,
  YES_NO,
} from './attributes.ts';
import { parseBandwidth, writeBandwidth } from './bandwidth.ts';
import { parseDeviceInfo, pciAttributes, writeDeviceInfo } from './device-info.ts';
import {
  type EchoRule,
  echo,
  echoChild,
  echoedAttribute,
  echoedElement,
  integer64,
  oldEnum,
  oneOf,
  onOff,
  positive,
  required,
  string,
  unsigned,
  uuid,
  writeEchoed,
  yesNo,
} from './echoed.ts';
import { parseIps, parseRoutes, writeIps, writeRoutes } from './ip.ts';
import { parseVirtualPort, parseVlan } from './switch-port.ts';

export const INTERFACE_TYPES: readonly InterfaceType[] = [
  'user',
  'ethernet',
  'vhostuser',
  'server',
  'client',
  'mcast',
  'network',
  'bridge',
  'internal',
  'direct',
  'hostdev',
  'udp',
  'vdpa',
  'null',
  'vds',
];

/** Names that libvirt gives to host-side devices itself: never part of a configuration. */
const GENERATED_NAMES = ['vnet', 'macvtap', 'macvlan'];

/** Network cards, in any case of letters. */
const MODELS =
  'netfront rtl8139 virtio e1000 e1000e virtio-transitional virtio-non-transitional usb-net spapr-vlan lan9118 scm91c111 vlance vmxnet vmxnet2 vmxnet3 Am79C970A Am79C973 82540EM 82545EM 82543GC'.split(
    ' ',
  );

const MODEL_NAME = /^[A-Za-z0-9_-]*$/;

export interface InterfaceContext {
  live: boolean;
  randomMac(): string;
  randomUuid(): string;
}

export function parseInterface(element: XmlElement, context: InterfaceContext): InterfaceDevice {
  const { live } = context;
  const type = enumAttribute(element, 'type', INTERFACE_TYPES) ?? 'user';
  const trust = enumAttribute(element, 'trustGuestRxFilters', YES_NO);
  const device: InterfaceDevice = {
    type,
    options: [],
    mac: '',
    macOptions: [],
    hostIps: [],
    hostRoutes: [],
    ips: [],
    routes: [],
    others: [],
  };
  readModel(device, element);
  readSource(device, element, live);
  readHostSide(device, element);
  if (type === 'hostdev' && attributeOf(element, 'managed') === 'yes') device.options.push(['managed', 'yes']);
  if (trust) device.options.push(['trustGuestRxFilters', trust]);
  const virtualport = parseVirtualPort(element, type, context);
  if (virtualport) device.virtualport = virtualport;
  readNames(device, element, live);
  const bandwidth = parseBandwidth(element, { floor: type === 'network' });
  if (bandwidth) device.bandwidth = bandwidth;
  const vlan = parseVlan(element);
  if (vlan) device.vlan = vlan;
  readMac(device, element, context);
  Object.assign(device, parseDeviceInfo(element, { live, boot: true, rom: true }));
  device.ips = parseIps(element);
  device.routes = parseRoutes(element, 'guest interface');
  readTuning(device, element);
  const port = childOf(element, 'port');
  const isolated = port && enumAttribute(port, 'isolated', YES_NO);
  if (isolated) device.others.push(echoedElement('port', [['isolated', isolated]]));
  if (isolated === 'yes') device.portIsolated = true;
  const actual = live && type === 'network' ? parseActual(element) : undefined;
  if (actual) device.actual = actual;
  return device;
}

function readMac(device: InterfaceDevice, element: XmlElement, { randomMac }: InterfaceContext): void {
  const mac = childOf(element, 'mac');
  const text = mac && attributeOf(mac, 'address');
  if (mac === undefined || text === undefined) {
    device.mac = randomMac();
    return;
  }
  const parsed = parseMac(text);
  if (parsed === undefined) throw libvirtError('XML_ERROR', `unable to parse mac address '${text}'`);
  if (Number.parseInt(parsed.slice(0, 2), 16) & 1)
    throw libvirtError('XML_ERROR', `expected unicast mac address, found multicast '${text}'`);
  device.mac = parsed;
  const type = enumAttribute(mac, 'type', ['generated', 'static']);
  const check = enumAttribute(mac, 'check', YES_NO);
  if (type === 'static') device.macOptions.push(['type', type]);
  if (check) device.macOptions.push(['check', check]);
}

/** Lower case with two digits a byte; undefined if it is none. Single digits are taken. */
export function parseMac(text: string): string | undefined {
  const parts = /^\s*([0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5})\s*$/.exec(text)?.[1]?.split(':');
  return parts?.map((part) => part.toLowerCase().padStart(2, '0')).join(':');
}

// -- <source> ----------------------------------------------------------------------------------------------------------------

function sourceOf(element: XmlElement, type: InterfaceType): XmlElement {
  const source = childOf(element, 'source');
  if (source === undefined) throw libvirtError('XML_ERROR', `interface type='${type}' requires a 'source' element`);
  return source;
}

/** The host's end of the wire; that only one type has it, is checked later. */
function readHostSide(device: InterfaceDevice, element: XmlElement): void {
  const source = childOf(element, 'source');
  if (source === undefined) return;
  device.hostIps = parseIps(source);
  device.hostRoutes = parseRoutes(source, 'interface host IP');
}

function readSource(device: InterfaceDevice, element: XmlElement, live: boolean): void {
  const kind = device.type;
  switch (kind) {
    case 'network': {
      const source = sourceOf(element, kind);
      device.source = requiredAttribute(source, 'network');
      const portgroup = attributeOf(source, 'portgroup');
      if (portgroup !== undefined) device.portgroup = portgroup;
      const portid = live ? attributeOf(source, 'portid') : undefined;
      if (portid !== undefined) device.portid = portid;
      return;
    }
    case 'bridge':
      device.source = requiredAttribute(sourceOf(element, kind), 'bridge');
      return;
    case 'internal':
      device.source = requiredAttribute(sourceOf(element, kind), 'name');
      return;
    case 'vdpa':
      device.source = requiredAttribute(sourceOf(element, kind), 'dev');
      return;
    case 'direct': {
      const source = sourceOf(element, kind);
      device.source = requiredAttribute(source, 'dev');
      device.sourceMode = enumAttribute(source, 'mode', ['vepa', 'private', 'bridge', 'passthrough']) ?? 'vepa';
      return;
    }
    case 'ethernet':
      return;
    case 'server':
    case 'client':
    case 'mcast':
    case 'udp':
      device.sourceElement = socketSource(sourceOf(element, kind), kind);
      return;
    case 'vhostuser':
      device.sourceElement = vhostUserSource(sourceOf(element, kind));
      return;
    case 'hostdev':
      device.sourceElement = hostdevSource(childOf(element, 'source'));
      return;
    case 'vds':
      device.sourceElement = echo(VDS_SOURCE, sourceOf(element, kind))!;
      return;
    case 'user':
    case 'null':
      return;
    default:
      kind satisfies never;
  }
}

const VDS_SOURCE: EchoRule = {
  name: 'source',
  attributes: [
    ['switchid', required(uuid)],
    ['portid', required(integer64)],
    ['portgroupid', required(string)],
    ['connectionid', required(integer64)],
  ],
};

function socketSource(source: XmlElement, type: InterfaceType): EchoedElement {
  const address = attributeOf(source, 'address');
  if (address === undefined && type !== 'server') throw missingAttribute(source, 'address');
  const port = integerAttribute(source, 'port', { required: true }) as number;
  const attributes: [string, string | undefined][] = [
    ['address', address],
    ['port', String(port)],
  ];
  if (type !== 'udp') return echoedElement('source', attributes);
  const local = childOf(source, 'local');
  if (local === undefined) throw libvirtError('XML_ERROR', "'<local>' element missing for 'udp' socket interface");
  const localAddress = requiredAttribute(local, 'address');
  const localPort = integerAttribute(local, 'port', { required: true }) as number;
  return echoedElement('source', attributes, [
    echoedElement('local', [
      ['address', localAddress],
      ['port', String(localPort)],
    ]),
  ]);
}

function vhostUserSource(source: XmlElement): EchoedElement {
  const type = requiredAttribute(source, 'type');
  if (type !== 'unix') throw libvirtError('CONFIG_UNSUPPORTED', `Type='${type}' unsupported for <interface type='vhostuser'>`);
  const path = requiredAttribute(source, 'path');
  const mode = requiredEnum(source, 'mode', ['server', 'client']);
  const reconnect = echoChild(RECONNECT, source);
  return echoedElement(
    'source',
    [
      ['type', type],
      ['path', path],
      ['mode', mode],
    ],
    reconnect ? [reconnect] : [],
  );
}

export const RECONNECT: EchoRule = {
  name: 'reconnect',
  attributes: [['enabled', yesNo]],
  finish: (echoed, element) => {
    const enabled = echoedAttribute(echoed, 'enabled');
    if (enabled === undefined) return undefined;
    const timeout = enabled === 'yes' ? required(unsigned)(element, 'timeout') : undefined;
    return echoedElement('reconnect', [
      ['enabled', enabled],
      ['timeout', timeout],
    ]);
  },
};

function hostdevSource(source: XmlElement | undefined): EchoedElement {
  const address = source && childOf(source, 'address');
  const type = address && attributeOf(address, 'type');
  if (address === undefined || !type) throw libvirtError('XML_ERROR', 'missing source address type');
  if (!['usb', 'pci', 'scsi', 'scsi_host', 'mdev'].includes(type))
    throw libvirtError('CONFIG_UNSUPPORTED', `unknown host device source address type '${type}'`);
  if (type === 'pci') return echoedElement('source', [], [echoedElement('address', [['type', type], ...pciAttributes(address, true)])]);
  if (type !== 'usb') throw libvirtError('XML_ERROR', `address type='${type}' not supported in hostdev interfaces`);
  return echoedElement(
    'source',
    [],
    [
      echoedElement('address', [
        ['type', type],
        ['bus', String(unsignedAttribute(address, 'bus', { base: 0, required: true }))],
        ['device', String(unsignedAttribute(address, 'device', { base: 0, required: true }))],
      ]),
    ],
  );
}

// -- names and tuning --------------------------------------------------------------------------------------------------------

function readModel(device: InterfaceDevice, element: XmlElement): void {
  const child = childOf(element, 'model');
  const model = (child && attributeOf(child, 'type')) || undefined;
  if (model !== undefined && !MODEL_NAME.test(model)) throw libvirtError('INVALID_ARG', 'Model name contains invalid characters');
  if (model && model.toLowerCase() !== 'unknown')
    device.model = MODELS.find((known) => known.toLowerCase() === model.toLowerCase()) ?? model;
}

function readNames(device: InterfaceDevice, element: XmlElement, live: boolean): void {
  const of = (child: string, name: string): string | undefined => {
    const found = childOf(element, child);
    return (found && attributeOf(found, name)) || undefined;
  };
  const script = of('script', 'path');
  const downscript = of('downscript', 'path');
  if (script !== undefined) device.script = script;
  if (downscript !== undefined) device.downscript = downscript;
  const target = childOf(element, 'target');
  const dev = target && attributeOf(target, 'dev');
  const managed = target && enumAttribute(target, 'managed', YES_NO);
  if (dev !== undefined && (live || !GENERATED_NAMES.some((name) => dev.startsWith(name)))) device.targetDev = dev;
  if (managed) device.targetManaged = managed;
  const guest = of('guest', 'dev');
  const actual = of('guest', 'actual');
  if (guest !== undefined) device.guestDev = guest;
  if (actual !== undefined) device.guestActual = actual;
}

const DRIVER_ATTRIBUTES: NonNullable<EchoRule['attributes']> = [
  ['name', oneOf('qemu', 'vhost')],
  ['txmode', oneOf('iothread', 'timer')],
  ['ioeventfd', onOff],
  ['event_idx', onOff],
  ['queues', positive],
  ['rx_queue_size', positive],
  ['tx_queue_size', positive],
  ['rss', onOff],
  ['rss_hash_report', onOff],
  ['iommu', onOff],
  ['ats', onOff],
  ['packed', onOff],
  ['page_per_vq', onOff],
];

const OFFLOADS = (names: readonly string[]): NonNullable<EchoRule['attributes']> => names.map((name) => [name, onOff] as const);

/** Only virtio has a driver to tune. */
const DRIVER: EchoRule = {
  name: 'driver',
  omitEmpty: true,
  attributes: DRIVER_ATTRIBUTES,
  children: [
    { name: 'host', omitEmpty: true, attributes: OFFLOADS(['csum', 'gso', 'tso4', 'tso6', 'ecn', 'ufo', 'mrg_rxbuf']) },
    { name: 'guest', omitEmpty: true, attributes: OFFLOADS(['csum', 'tso4', 'tso6', 'ecn', 'ufo']) },
  ],
};

const FILTERREF: EchoRule = {
  name: 'filterref',
  omitEmpty: true,
  attributes: [['filter', string]],
  children: [
    {
      name: 'parameter',
      many: true,
      attributes: [
        ['name', string],
        ['value', string],
      ],
      finish: (echoed) => (echoed.attributes.length === 2 ? echoed : undefined),
    },
  ],
  finish: (echoed) => {
    const nameOf = (parameter: EchoedElement): string => parameter.attributes[0]?.[1] ?? '';
    // By name; the values of one name stay in order.
    return { ...echoed, children: echoed.children.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0)) };
  },
};

/** Types whose traffic a filter can see. */
const FILTERED_TYPES = new Set<InterfaceType>(['ethernet', 'network', 'bridge']);

const TEAMING: EchoRule = {
  name: 'teaming',
  finish: (echoed) => (echoed.attributes[0]?.[0] === 'type' ? echoed : undefined),
  attributes: [
    ['type', oldEnum(['persistent', 'transient'], (value) => `unknown teaming type '${value}'`)],
    ['persistent', string],
  ],
};

function readTuning(device: InterfaceDevice, element: XmlElement): void {
  const domain = childOf(element, 'backenddomain');
  const domainName = domain && attributeOf(domain, 'name');
  if (domainName) device.others.push(echoedElement('backenddomain', [['name', domainName]]));
  if (device.model?.startsWith('virtio') || device.type === 'hostdev') {
    const driver = echoChild(DRIVER, element);
    if (driver) device.driver = driver;
  } else device.virtioOptions = virtioOptions(element);
  const backend = childOf(element, 'backend');
  if (backend) {
    const tap = attributeOf(backend, 'tap');
    const vhost = device.model?.startsWith('virtio') ? attributeOf(backend, 'vhost') : undefined;
    const type = enumAttribute(backend, 'type', []);
    if (tap !== undefined || vhost !== undefined)
      device.others.push(
        echoedElement('backend', [
          ['type', type],
          ['tap', tap],
          ['vhost', vhost],
        ]),
      );
  }
  const filterref = FILTERED_TYPES.has(device.type) ? echoChild(FILTERREF, element) : undefined;
  if (filterref) device.filterref = filterref;
  const link = childOf(element, 'link');
  const state = (link && attributeOf(link, 'state')) || undefined;
  if (state !== undefined && state !== 'up' && state !== 'down')
    throw libvirtError('CONFIG_UNSUPPORTED', `unknown interface link state '${state}'`);
  if (state !== undefined) device.linkState = state;
  const teaming = echoChild(TEAMING, element);
  if (teaming) device.others.push(teaming);
  const tune = childOf(element, 'tune');
  const sndbufText = tune && childText(tune, 'sndbuf');
  if (sndbufText !== undefined) {
    const sndbuf = parseUint64(sndbufText);
    if (sndbuf === undefined) throw libvirtError('XML_ERROR', 'sndbuf must be a positive integer');
    device.others.push(echoedElement('tune', [], [echoedElement('sndbuf', [], [], String(sndbuf))]));
  }
  const mtuElement = childOf(element, 'mtu');
  const mtuText = mtuElement && attributeOf(mtuElement, 'size');
  if (mtuText) {
    const mtu = parseUint32(mtuText);
    if (mtu === undefined) throw libvirtError('XML_ERROR', 'malformed mtu size');
    if (mtu > 0) device.mtu = mtu;
  }
  const coalesce = parseCoalesce(element);
  if (coalesce) device.others.push(coalesce);
}

/** The names of the options of <driver> that are virtio's alone. */
function virtioOptions(element: XmlElement): string[] {
  const driver = childOf(element, 'driver');
  return ['iommu', 'ats', 'packed'].filter((name) => driver && enumAttribute(driver, name, ON_OFF) !== undefined);
}

function parseCoalesce(element: XmlElement): EchoedElement | undefined {
  const coalesce = childOf(element, 'coalesce');
  const rx = coalesce && childOf(coalesce, 'rx');
  const frames = rx && childOf(rx, 'frames');
  const text = frames && attributeOf(frames, 'max');
  if (!text) return undefined;
  const most = parseUint64(text);
  if (most === undefined) throw libvirtError('PLAIN', `cannot parse value '${text}' for coalesce parameter`);
  if (most > UINT_MAX) throw libvirtError('OVERFLOW', `value '${text}' is too big for coalesce parameter, maximum is '${UINT_MAX}'`);
  if (most === 0n) return undefined;
  return echoedElement('coalesce', [], [echoedElement('rx', [], [echoedElement('frames', [['max', String(most)]])])]);
}

/** A card that no hypervisor is known to have. */
export function rejectUnknownModel({ model }: InterfaceDevice): void {
  if (model !== undefined && !MODELS.includes(model))
    throw libvirtError('CONFIG_UNSUPPORTED', `driver does not support net model '${model}'`);
}

/** What two correct parts make wrong together. */
export function validateInterface(device: InterfaceDevice): void {
  const unsupported = (message: string): never => {
    throw libvirtError('CONFIG_UNSUPPORTED', message);
  };
  if (device.type !== 'ethernet' && device.hostIps.length + device.hostRoutes.length > 0)
    unsupported(
      `Invalid attempt to set network interface host-side IP route and/or address info on interface of type '${device.type}'. This is only supported on interfaces of type 'ethernet'`,
    );
  const portType = device.virtualport?.attributes.find(([name]) => name === 'type')?.[1];
  if (device.portIsolated) {
    const what = `interface ${device.mac} - <port isolated='yes'/> is not supported for network interfaces with`;
    if (device.type !== 'network' && device.type !== 'bridge') unsupported(`${what} type='${device.type}'`);
    if (portType !== undefined && portType !== 'none') unsupported(`${what} virtualport type='${portType}'`);
  }
  if (device.targetManaged === 'no' && device.type !== 'ethernet')
    unsupported(`unmanaged target dev is not supported on interfaces of type '${device.type}'`);
  if (device.type === 'vhostuser' && !device.model?.startsWith('virtio'))
    throw libvirtError(
      'INTERNAL_ERROR',
      "Wrong or no <model> 'type' attribute specified with <interface type='vhostuser'/>. vhostuser requires the virtio-net* frontend",
    );
  const [option] = device.virtioOptions ?? [];
  if (option !== undefined) unsupported(`${option} driver option is only supported for virtio devices`);
}

// -- printing ----------------------------------------------------------------------------------------------------------------

/**
 * What a running domain shows (`live`) is the interface as its network connected it. A status document keeps both: what
 * was asked for, and that.
 */
export function writeInterface(
  writer: XmlWriter,
  device: InterfaceDevice,
  { live, status = false }: { live: boolean; status?: boolean },
): void {
  const other = (name: string): void => {
    for (const element of device.others) if (element.name === name) writeEchoed(writer, element);
  };
  const echoed = (element: EchoedElement | undefined): void => {
    if (element) writeEchoed(writer, element);
  };
  const shown = live && !status ? device.actual : undefined;
  writer.block('interface', [['type', shown?.type ?? device.type], ...device.options], () => {
    writer.empty('mac', [['address', device.mac], ...device.macOptions]);
    if (shown) writeConnection(writer, shown, networkAttributes(device, live));
    else {
      writeSource(writer, device, live);
      echoed(device.vlan);
      echoed(device.virtualport);
      writeBandwidth(writer, device.bandwidth);
      other('port');
    }
    if (status && device.actual) writeActual(writer, device.actual);
    writeIps(writer, device.ips);
    writeRoutes(writer, device.routes);
    if (device.script !== undefined) writer.empty('script', [['path', device.script]]);
    if (device.downscript !== undefined) writer.empty('downscript', [['path', device.downscript]]);
    other('backenddomain');
    writeTarget(writer, device, live);
    if (device.guestDev !== undefined || device.guestActual !== undefined)
      writer.empty('guest', [
        ['dev', device.guestDev],
        ['actual', device.guestActual],
      ]);
    if (device.model !== undefined) writer.empty('model', [['type', device.model]]);
    echoed(device.driver);
    other('backend');
    echoed(device.filterref);
    other('tune');
    other('teaming');
    if (device.linkState) writer.empty('link', [['state', device.linkState]]);
    if (device.mtu !== undefined) writer.empty('mtu', [['size', device.mtu]]);
    other('coalesce');
    writeDeviceInfo(writer, device);
  });
}

function writeSource(writer: XmlWriter, device: InterfaceDevice, live: boolean): void {
  switch (device.type) {
    case 'network':
      writer.empty('source', networkAttributes(device, live));
      break;
    case 'bridge':
      writer.empty('source', [['bridge', device.source]]);
      break;
    case 'internal':
      writer.empty('source', [['name', device.source]]);
      break;
    case 'vdpa':
      writer.empty('source', [['dev', device.source]]);
      break;
    case 'direct':
      writer.empty('source', [
        ['dev', device.source],
        ['mode', device.sourceMode],
      ]);
      break;
    default:
      if (device.sourceElement) writeEchoed(writer, device.sourceElement);
      else
        writer.optionalBlock('source', [], () => {
          writeIps(writer, device.hostIps);
          writeRoutes(writer, device.hostRoutes);
        });
  }
}

function networkAttributes({ source, portgroup, portid }: InterfaceDevice, live: boolean): Attributes {
  return [
    ['network', source],
    ['portgroup', portgroup],
    ['portid', live ? portid : undefined],
  ];
}

function writeTarget(writer: XmlWriter, device: InterfaceDevice, live: boolean): void {
  const { targetDev } = device;
  const shown = live || !GENERATED_NAMES.some((name) => targetDev?.startsWith(name)) ? targetDev : undefined;
  if (shown !== undefined || device.targetManaged)
    writer.empty('target', [
      ['dev', shown],
      ['managed', device.targetManaged],
    ]);
}

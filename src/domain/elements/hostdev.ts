// <hostdev>: devices of the host that the container gets: by device node or interface (capabilities), or USB (subsystem).

import { libvirtError } from '../../errors.ts';
import { parseUuid } from '../../values/uuid.ts';
import { enumAttribute, ON_OFF, requiredEnum, unsigned64Attribute, unsignedAttribute, YES_NO, yesNo } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { demanded, type EchoRule, echo, echoedElement, hex, isBare, required, string, writeEchoed } from '../../xml/echoed.ts';
import { attributeOf, childOf, childText, elementsOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { HostDevice } from '../definition.ts';
import { entryOf } from '../table.ts';
import { parseDeviceInfo, pciAttributes, writeDeviceInfo } from './device-info.ts';
import { AUTH, hostRule } from './disk-source.ts';
import { parseIps, parseRoutes, writeIps, writeRoutes } from './ip.ts';

const SUBSYSTEM_TYPES = ['usb', 'pci', 'scsi', 'scsi_host', 'mdev'];

/** The child of <source> that names the device, and the word for it in messages, by type. */
const CAPABILITY_SOURCES: Readonly<Record<string, { element: string; word: string }>> = {
  storage: { element: 'block', word: 'storage' },
  misc: { element: 'char', word: 'character' },
  net: { element: 'interface', word: 'net' },
};

export function parseHostdev(element: XmlElement, live: boolean): HostDevice {
  const mode = attributeOf(element, 'mode') ?? 'subsystem';
  if (mode !== 'capabilities' && mode !== 'subsystem') throw libvirtError('CONFIG_UNSUPPORTED', `unknown hostdev mode '${mode}'`);
  const type = attributeOf(element, 'type');
  if (type === undefined) throw libvirtError('XML_ERROR', 'missing source address type');
  const known = mode === 'capabilities' ? Object.keys(CAPABILITY_SOURCES) : SUBSYSTEM_TYPES;
  if (!known.includes(type)) throw libvirtError('CONFIG_UNSUPPORTED', `unknown host device source address type '${type}'`);
  const source = childOf(element, 'source');
  if (source === undefined) throw libvirtError('XML_ERROR', 'Missing <source> element in hostdev device');
  const device: HostDevice = { mode, type, options: [], ips: [], routes: [], readonly: false, shareable: false, others: [] };
  if (mode === 'capabilities') readCapability(device, element, source);
  else readSubsystem(device, element, source);
  Object.assign(device, parseDeviceInfo(element, { live, boot: true, rom: true, unassigned: true }));
  if (type === 'scsi') {
    device.readonly = childOf(element, 'readonly') !== undefined;
    device.shareable = childOf(element, 'shareable') !== undefined;
  }
  return device;
}

function readCapability(device: HostDevice, element: XmlElement, source: XmlElement): void {
  const { element: name, word } = entryOf(CAPABILITY_SOURCES, device.type)!;
  const value = childText(source, name);
  if (value === undefined) throw libvirtError('XML_ERROR', `Missing <${name}> element in hostdev ${word} device`);
  device.source = value;
  if (device.type !== 'net') return;
  device.ips = parseIps(element);
  device.routes = parseRoutes(element, 'Domain hostdev device');
}

// -- subsystem ---------------------------------------------------------------------------------------------------------------

function readSubsystem(device: HostDevice, element: XmlElement, source: XmlElement): void {
  device.managed = attributeOf(element, 'managed') === 'yes' ? 'yes' : 'no';
  for (const [name, values] of [
    ['sgio', ['filtered', 'unfiltered']],
    ['rawio', YES_NO],
  ] as const) {
    const value = enumAttribute<string>(element, name, values);
    if (value === undefined) continue;
    if (device.type !== 'scsi') throw libvirtError('XML_ERROR', `${name} is only supported for scsi host device`);
    if (value === 'unfiltered') throw libvirtError('CONFIG_UNSUPPORTED', 'unfiltered sgio is no longer supported');
    device.options.push([name, value]);
  }
  const model = modelOf(device, element);
  if (model !== undefined) {
    if (device.type !== 'mdev' && device.type !== 'scsi_host')
      throw libvirtError('XML_ERROR', `'model' attribute in <hostdev> is only supported when type='${device.type}'`);
    device.options.push(['model', model]);
  }
  for (const name of ['display', 'ramfb']) {
    const value = device.type === 'mdev' ? enumAttribute(element, name, ON_OFF) : undefined;
    if (value !== undefined) device.options.push([name, value]);
  }
  const driver = childOf(element, 'driver');
  const driverName = driver && device.type === 'pci' ? enumAttribute(driver, 'name', ['kvm', 'vfio', 'xen']) : undefined;
  if (driverName) device.others.push(echoedElement('driver', [['name', driverName]]));
  device.sourceElement = subsystemSource(device, source);
}

const MDEV_MODELS = ['vfio-pci', 'vfio-ccw', 'vfio-ap'];

function modelOf(device: HostDevice, element: XmlElement): string | undefined {
  if (device.type === 'mdev') return requiredEnum(element, 'model', MDEV_MODELS);
  if (device.type === 'scsi_host') return enumAttribute(element, 'model', ['virtio', 'virtio-transitional', 'virtio-non-transitional']);
  return attributeOf(element, 'model');
}

function subsystemSource(device: HostDevice, source: XmlElement): EchoedElement {
  const policy = enumAttribute(source, 'startupPolicy', ['default', 'mandatory', 'requisite', 'optional']);
  if (policy !== undefined && device.type !== 'usb')
    throw libvirtError('CONFIG_UNSUPPORTED', 'Setting startupPolicy is only allowed for USB devices');
  switch (device.type) {
    case 'usb':
      return usbSource(device, source, policy);
    case 'pci': {
      const address = childOf(source, 'address');
      const attributes = pciAttributes(address ?? source, true);
      const writeFiltering = yesNo(source, 'writeFiltering');
      return echoedElement('source', [['writeFiltering', writeFiltering]], [echoedElement('address', attributes)]);
    }
    case 'mdev': {
      const address = childOf(source, 'address');
      if (address === undefined) throw libvirtError('CONFIG_UNSUPPORTED', 'Missing <address> element');
      const text = attributeOf(address, 'uuid');
      if (text === undefined) throw libvirtError('CONFIG_UNSUPPORTED', "Missing 'uuid' attribute for element <address>");
      const uuid = parseUuid(text);
      if (uuid === undefined) throw libvirtError('INTERNAL_ERROR', 'Cannot parse uuid attribute of element <address>');
      return echoedElement('source', [], [echoedElement('address', [['uuid', uuid]])]);
    }
    case 'scsi':
      return scsiSource(source);
    default:
      return vhostSource(source);
  }
}

function usbSource(device: HostDevice, source: XmlElement, policy: string | undefined): EchoedElement {
  const usb: NonNullable<HostDevice['usb']> = {};
  const children: EchoedElement[] = [];
  for (const child of elementsOf(source)) {
    if (child.local === 'vendor') usb.vendor = unsignedAttribute(child, 'id', { base: 0, required: true, nonZero: true }) as number;
    else if (child.local === 'product') usb.product = unsignedAttribute(child, 'id', { base: 0, required: true }) as number;
    else if (child.local === 'address') {
      usb.bus = unsignedAttribute(child, 'bus', { base: 0, required: true }) as number;
      usb.device = unsignedAttribute(child, 'device', { base: 0, required: true }) as number;
    }
  }
  if (usb.vendor === undefined && usb.product !== undefined) throw libvirtError('INTERNAL_ERROR', 'missing vendor');
  if (usb.vendor !== undefined && usb.product === undefined) throw libvirtError('INTERNAL_ERROR', 'missing product');
  if (usb.vendor !== undefined) {
    children.push(echoedElement('vendor', [['id', hex(usb.vendor, 4)]]));
    children.push(echoedElement('product', [['id', hex(usb.product ?? 0, 4)]]));
  }
  if (usb.bus !== undefined)
    children.push(
      echoedElement('address', [
        ['bus', String(usb.bus)],
        ['device', String(usb.device)],
      ]),
    );
  device.usb = usb;
  const guestReset = enumAttribute(source, 'guestReset', ['off', 'uninitialized', 'on']);
  return echoedElement(
    'source',
    [
      ['startupPolicy', policy],
      ['guestReset', guestReset],
    ],
    children,
  );
}

const ISCSI: EchoRule = {
  name: 'source',
  attributes: [
    ['protocol', required(string)],
    ['name', demanded(iscsiName, 'XML_ERROR', 'missing iSCSI hostdev source path name')],
  ],
  children: [hostRule({ defaults: false }), AUTH],
  finish: (echoed) => {
    const hosts = echoed.children.filter(({ name }) => name === 'host').length;
    if (hosts === 0) throw libvirtError('XML_ERROR', 'missing the host address for the iSCSI hostdev');
    if (hosts > 1) throw libvirtError('XML_ERROR', 'only one source host address may be specified for the iSCSI hostdev');
    return echoed;
  },
};

/** A target without a unit is its first. */
function iscsiName(element: XmlElement, attribute: string): string | undefined {
  const name = attributeOf(element, attribute);
  return name === undefined || name.includes('/') ? name : `${name}/0`;
}

function scsiSource(source: XmlElement): EchoedElement {
  const protocol = attributeOf(source, 'protocol') ?? 'adapter';
  if (protocol === 'iscsi') return echo(ISCSI, source)!;
  if (protocol !== 'adapter') throw libvirtError('CONFIG_UNSUPPORTED', `Unknown SCSI subsystem protocol '${protocol}'`);
  const adapter = childOf(source, 'adapter');
  const address = childOf(source, 'address');
  const name = adapter && attributeOf(adapter, 'name');
  const part = (attribute: string, read: typeof unsigned64Attribute | typeof unsignedAttribute = unsignedAttribute): string =>
    String(read(address as XmlElement, attribute, { base: 0, required: true }));
  if (address === undefined) throw libvirtError('XML_ERROR', "'address' must be specified for scsi hostdev source");
  const parts: [string, string][] = [
    ['bus', part('bus')],
    ['target', part('target')],
    ['unit', part('unit', unsigned64Attribute)],
  ];
  if (name === undefined) throw libvirtError('XML_ERROR', "'adapter' name must be specified for scsi hostdev source");
  return echoedElement('source', [], [echoedElement('adapter', [['name', name]]), echoedElement('address', parts)]);
}

function vhostSource(source: XmlElement): EchoedElement {
  const protocol = attributeOf(source, 'protocol');
  if (protocol === undefined) throw libvirtError('XML_ERROR', 'Missing scsi_host subsystem protocol');
  if (protocol !== 'vhost') throw libvirtError('CONFIG_UNSUPPORTED', `Unknown scsi_host subsystem protocol '${protocol}'`);
  const wwpn = attributeOf(source, 'wwpn');
  if (wwpn === undefined) throw libvirtError('XML_ERROR', 'missing vhost-scsi hostdev source wwpn');
  if (!/^naa\.[0-9a-fA-F]{16}$/.test(wwpn)) throw libvirtError('XML_ERROR', "malformed 'wwpn' value");
  return echoedElement('source', [
    ['protocol', protocol],
    ['wwpn', wwpn],
  ]);
}

/** A SCSI device without an address takes the next free unit of the first controller. */
export function assignHostdevAddresses(hostdevs: readonly HostDevice[], taken: (EchoedElement | undefined)[]): void {
  const key = (address: EchoedElement | undefined): string => address?.attributes.map(([, value]) => value).join(' ') ?? '';
  const used = new Set([...taken, ...hostdevs.map(({ address }) => address)].map(key));
  let index = 0;
  for (const device of hostdevs) {
    if (device.type !== 'scsi' || device.address) continue;
    for (; ; index++) {
      const address = echoedElement('address', [
        ['type', 'drive'],
        ['controller', String(Math.floor(index / 7))],
        ['bus', '0'],
        ['target', '0'],
        ['unit', String(index % 7)],
      ]);
      if (used.has(key(address))) continue;
      used.add(key(address));
      device.address = address;
      break;
    }
  }
}

/** What tells one host device from another. */
function identity({ type, source, usb, sourceElement }: HostDevice): string {
  if (source !== undefined) return `${type} ${source}`;
  if (usb) return usb.bus === undefined ? `usb ${usb.vendor}:${usb.product}` : `usb ${usb.bus}-${usb.device}`;
  return `${type} ${JSON.stringify(sourceElement)}`;
}

export function validateHostdevs(hostdevs: readonly HostDevice[]): void {
  if (new Set(hostdevs.map(identity)).size < hostdevs.length)
    throw libvirtError('XML_ERROR', 'Hostdev already exists in the domain configuration');
}

// -- printing ----------------------------------------------------------------------------------------------------------------

export function writeHostdev(writer: XmlWriter, device: HostDevice): void {
  writer.openBlock('hostdev', [['mode', device.mode], ['type', device.type], ['managed', device.managed], ...device.options], () => {
    for (const other of device.others) if (other.name === 'driver') writeEchoed(writer, other);
    const capability = device.mode === 'capabilities' ? entryOf(CAPABILITY_SOURCES, device.type) : undefined;
    if (capability) writer.block('source', [], () => writer.text(capability.element, device.source));
    else if (device.sourceElement && (writer.lossless || !isBare(device.sourceElement))) writeEchoed(writer, device.sourceElement);
    writeIps(writer, device.ips);
    writeRoutes(writer, device.routes);
    for (const other of device.others) if (other.name !== 'driver') writeEchoed(writer, other);
    if (device.readonly) writer.empty('readonly');
    if (device.shareable) writer.empty('shareable');
    writeDeviceInfo(writer, device);
  });
}

// What any device may have: <boot>, <alias>, <master>, <rom>, <acpi>, <address>.

import { libvirtError } from '../../errors.ts';
import { parseUint32 } from '../../values/numbers.ts';
import { enumAttribute, ON_OFF, unsigned64Attribute, unsignedAttribute } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import {
  type EchoRule,
  echoChildren,
  echoedElement,
  hex,
  nonZero,
  onOff,
  required,
  string,
  unsigned,
  writeEchoed,
  yesNo,
} from '../../xml/echoed.ts';
import { attributeOf, childOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DeviceAlias } from '../definition.ts';

export interface DeviceInfo {
  alias?: string;
  info?: EchoedElement[];
  address?: EchoedElement;
}

/** Up to eight characters for the loader of a mainframe. */
function loadParameter(element: XmlElement, name: string): string | undefined {
  const text = attributeOf(element, name)?.toUpperCase().replaceAll('-', '_');
  if (text === undefined) return undefined;
  if (text.length < 1 || text.length > 8)
    throw libvirtError('INTERNAL_ERROR', `loadparm value '${text}' must be between 1 and 8 characters`);
  if (!/^[A-Z0-9. ]+$/.test(text))
    throw libvirtError('INTERNAL_ERROR', `invalid loadparm value '${text}', expecting chars in set of [a-zA-Z0-9.] and blank spaces`);
  return text;
}

const BOOT: EchoRule = {
  name: 'boot',
  attributes: [
    ['order', required(nonZero)],
    ['loadparm', loadParameter],
  ],
};

const MASTER: EchoRule = { name: 'master', omitEmpty: true, attributes: [['startport', unsigned]] };
const ROM: EchoRule = {
  name: 'rom',
  omitEmpty: true,
  attributes: [
    ['enabled', yesNo],
    ['bar', onOff],
    ['file', string],
  ],
};
const ACPI: EchoRule = { name: 'acpi', omitEmpty: true, attributes: [['index', nonZero]] };

export interface InfoOptions {
  /** Aliases are libvirt's own and count only on a running domain. */
  live: boolean;
  boot?: boolean;
  rom?: boolean;
  /** A host device may be left without an address in the guest. */
  unassigned?: boolean;
}

export function parseDeviceInfo(element: XmlElement, options: InfoOptions): DeviceInfo {
  const parsed: DeviceInfo = {};
  if (options.live) {
    const alias = childOf(element, 'alias');
    const name = alias && attributeOf(alias, 'name');
    if (name !== undefined) parsed.alias = name;
  }
  const info = echoChildren([...(options.boot ? [BOOT] : []), MASTER, ...(options.rom ? [ROM] : []), ACPI], element);
  const rom = info.find(({ name }) => name === 'rom');
  if (rom?.attributes.some(([name, value]) => name === 'enabled' && value === 'no') && rom.attributes.length > 1)
    throw libvirtError('CONFIG_UNSUPPORTED', 'ROM tuning is not supported when ROM is disabled');
  if (info.length > 0) parsed.info = info;
  const address = childOf(element, 'address');
  if (address) {
    const kept = parseAddress(address);
    if (kept.attributes[0]?.[1] === 'unassigned' && !options.unassigned)
      throw libvirtError('CONFIG_UNSUPPORTED', "address of type 'unassigned' is supported only for hostdevs");
    parsed.address = kept;
  }
  return parsed;
}

export function writeDeviceInfo(writer: XmlWriter, device: DeviceAlias & { address?: EchoedElement }): void {
  for (const element of device.info ?? []) if (element.name === 'boot') writeEchoed(writer, element);
  if (device.alias !== undefined) writer.empty('alias', [['name', device.alias]]);
  for (const element of device.info ?? []) if (element.name !== 'boot') writeEchoed(writer, element);
  if (device.address) writeEchoed(writer, device.address);
}

/** The same as a list, for devices that are kept as echoed elements. */
export function deviceInfoElements({ alias, info = [], address }: DeviceInfo): EchoedElement[] {
  return [
    ...info.filter(({ name }) => name === 'boot'),
    ...(alias === undefined ? [] : [echoedElement('alias', [['name', alias]])]),
    ...info.filter(({ name }) => name !== 'boot'),
    ...(address ? [address] : []),
  ];
}

// -- addresses ---------------------------------------------------------------------------------------------------------------

const ADDRESS_TYPES = [
  'pci',
  'drive',
  'virtio-serial',
  'ccid',
  'usb',
  'spapr-vio',
  'virtio-s390',
  'ccw',
  'virtio-mmio',
  'isa',
  'dimm',
  'unassigned',
] as const;

export function parseAddress(element: XmlElement): EchoedElement {
  const given = attributeOf(element, 'type');
  if (given === undefined) throw libvirtError('INTERNAL_ERROR', 'No type specified for device address');
  const type = ADDRESS_TYPES.find((known) => known === given);
  const number = (name: string): string => String(unsignedAttribute(element, name) ?? 0);
  const numbers = (...names: string[]): [string, string][] => names.map((name) => [name, number(name)]);
  switch (type) {
    case 'pci': {
      const attributes = pciAttributes(element);
      const child = childOf(element, 'zpci');
      const zpci = child && zpciElement(child);
      return echoedElement('address', [['type', type], ...attributes], zpci ? [zpci] : []);
    }
    case 'drive':
      return echoedElement('address', [['type', type], ...numbers('controller', 'bus', 'target', 'unit')]);
    case 'virtio-serial':
      return echoedElement('address', [['type', type], ...numbers('controller', 'bus', 'port')]);
    case 'ccid':
      return echoedElement('address', [['type', type], ...numbers('controller', 'slot')]);
    case 'usb':
      return usbAddress(element);
    case 'spapr-vio': {
      const reg = unsigned64Attribute(element, 'reg', { base: 16 });
      return echoedElement('address', [
        ['type', type],
        ['reg', reg === undefined ? undefined : hex(reg, 8)],
      ]);
    }
    case 'ccw':
      return ccwAddress(element);
    case 'isa': {
      const iobase = unsignedAttribute(element, 'iobase', { base: 16 }) ?? 0;
      const irq = unsignedAttribute(element, 'irq', { base: 16 }) ?? 0;
      return echoedElement('address', [
        ['type', type],
        ['iobase', iobase > 0 ? `0x${iobase.toString(16)}` : undefined],
        ['irq', irq > 0 ? `0x${irq.toString(16)}` : undefined],
      ]);
    }
    case 'dimm': {
      const slot = unsignedAttribute(element, 'slot', { required: true }) as number;
      const base = unsigned64Attribute(element, 'base', { base: 16 });
      return echoedElement('address', [
        ['type', type],
        ['slot', String(slot)],
        ['base', base ? `0x${base.toString(16)}` : undefined],
      ]);
    }
    case 'virtio-s390':
      throw libvirtError('XML_ERROR', "virtio-s390 bus doesn't have an address");
    case 'virtio-mmio':
    case 'unassigned':
      return echoedElement('address', [['type', type]]);
    case undefined:
      throw libvirtError('CONFIG_UNSUPPORTED', `unknown address type '${given}'`);
    default:
      return type satisfies never;
  }
}

/** domain, bus, slot, function as printed; nothing (unless `always`) for an address that says nothing. */
export function pciAttributes(element: XmlElement, always = false): [string, string][] {
  const part = (name: string): number => unsignedAttribute(element, name, { base: 0 }) ?? 0;
  const [domain, bus, slot, unit] = [part('domain'), part('bus'), part('slot'), part('function')];
  const multifunction = enumAttribute(element, 'multifunction', ON_OFF);
  const printed: [string, string][] = [
    ['domain', hex(domain, 4)],
    ['bus', hex(bus, 2)],
    ['slot', hex(slot, 2)],
    ['function', `0x${unit}`],
  ];
  if (!always && domain === 0 && bus === 0 && slot === 0 && unit === 0) return multifunction ? [['multifunction', multifunction]] : [];
  const tooLarge = (what: string, most: string): never => {
    throw libvirtError('XML_ERROR', `Invalid PCI address ${what}, must be <= ${most}`);
  };
  if (bus > 0xff) tooLarge(`bus='${hex(bus, 2)}'`, '0xFF');
  if (slot > 0x1f) tooLarge(`slot='${hex(slot, 2)}'`, '0x1F');
  if (unit > 7) tooLarge(`function=0x${unit.toString(16)}`, '7');
  if (multifunction) printed.push(['multifunction', multifunction]);
  return printed;
}

function zpciElement(element: XmlElement): EchoedElement | undefined {
  const uid = unsignedAttribute(element, 'uid', { base: 0 });
  const fid = unsignedAttribute(element, 'fid', { base: 0 });
  if (uid === undefined && fid === undefined) return undefined;
  return echoedElement('zpci', [
    ['uid', hex(uid ?? 0, 4)],
    ['fid', hex(fid ?? 0, 8)],
  ]);
}

function usbAddress(element: XmlElement): EchoedElement {
  const port = attributeOf(element, 'port');
  if (port !== undefined && !/^\d+(\.\d+){0,3}$/.test(port))
    throw libvirtError('INTERNAL_ERROR', "Cannot parse <address> 'port' attribute");
  const bus = parseUint32(attributeOf(element, 'bus') ?? '0');
  if (bus === undefined)
    throw libvirtError(
      'XML_ERROR',
      `Invalid value for attribute 'bus' in element 'address': '${attributeOf(element, 'bus')}'. Expected non-negative integer value`,
    );
  return echoedElement('address', [
    ['type', 'usb'],
    ['bus', String(bus)],
    ['port', port],
  ]);
}

function ccwAddress(element: XmlElement): EchoedElement {
  const given = ['cssid', 'ssid', 'devno'].map((name) => unsignedAttribute(element, name, { base: 0 }));
  const [cssid = 0, ssid = 0, devno = 0] = given;
  if (given.includes(undefined) && given.some((part) => part !== undefined))
    throw libvirtError('INTERNAL_ERROR', 'Invalid partial specification for virtio ccw address');
  return echoedElement('address', [
    ['type', 'ccw'],
    ['cssid', `0x${cssid.toString(16)}`],
    ['ssid', `0x${ssid.toString(16)}`],
    ['devno', hex(devno, 4)],
  ]);
}

// <console>, <serial>, <parallel> and <channel>, and the character sources that other devices have too.

import { libvirtError } from '../../errors.ts';
import { parseInt32 } from '../../values/numbers.ts';
import { enumAttribute, unsignedAttribute } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import {
  type EchoRule,
  echoChildren,
  echoedAttribute,
  echoedElement,
  oneOf,
  onOff,
  required,
  string,
  writeEchoed,
  yesNo,
} from '../../xml/echoed.ts';
import { attributeOf, childOf, childrenOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { CharDevice } from '../definition.ts';
import { deviceInfoElements, parseDeviceInfo, writeDeviceInfo } from './device-info.ts';
import { formatIp, parseIp } from './ip.ts';
import { RECONNECT } from './reconnect.ts';

export const CHAR_TYPES = 'null vc pty dev file pipe stdio udp tcp unix spicevmc spiceport nmdm qemu-vdagent dbus'.split(' ');

export type CharKind = 'console' | 'serial' | 'parallel' | 'channel';

const TARGETS: Readonly<Record<CharKind, readonly string[]>> = {
  console: ['none', 'serial', 'xen', 'uml', 'virtio', 'lxc', 'openvz', 'sclp', 'sclplm'],
  serial: ['none', 'isa-serial', 'usb-serial', 'pci-serial', 'spapr-vio-serial', 'system-serial', 'sclp-serial', 'isa-debug'],
  parallel: ['none'],
  channel: ['none', 'guestfwd', 'virtio', 'xen'],
};

const MODELS = 'none isa-serial usb-serial pci-serial spapr-vty pl011 sclpconsole sclplmconsole 16550a isa-debugcon'.split(' ');

export function charTypeOf(element: XmlElement): string {
  const type = attributeOf(element, 'type') ?? 'pty';
  if (!CHAR_TYPES.includes(type)) throw libvirtError('CONFIG_UNSUPPORTED', `unknown type presented to host for character device: ${type}`);
  return type;
}

/** A console's port is -1 until numberConsoles() gives it one. */
export function parseCharDevice(element: XmlElement, kind: Exclude<CharKind, 'channel'>, live: boolean): CharDevice {
  const type = charTypeOf(element);
  const device: CharDevice = { type, port: -1, others: [] };
  readTarget(device, element, kind);
  const sources = parseCharSource(element, type, live);
  const [source] = sources;
  if (source?.name === 'source') {
    const path = source.attributes.find(([name]) => name === 'path')?.[1];
    if (path !== undefined) device.sourcePath = path;
    if (type !== 'pty') device.source = source;
    device.others = sources.slice(1);
  } else device.others = sources;
  if (type === 'spicevmc') throw libvirtError('CONFIG_UNSUPPORTED', 'spicevmc device type only supports virtio');
  Object.assign(device, parseDeviceInfo(element, { live }));
  return device;
}

function readTarget(device: CharDevice, element: XmlElement, kind: CharKind): void {
  const target = childOf(element, 'target');
  if (target === undefined) return;
  const targetType = attributeOf(target, 'type');
  if (targetType !== undefined && kind !== 'parallel' && !TARGETS[kind].includes(targetType))
    throw libvirtError('CONFIG_UNSUPPORTED', `unknown target type '${targetType}' specified for character device`);
  if (targetType !== undefined && targetType !== 'none' && kind !== 'parallel') device.targetType = targetType;
  const model = kind === 'serial' ? childOf(target, 'model') : undefined;
  const modelName = (model && attributeOf(model, 'name')) || undefined;
  if (modelName !== undefined && !MODELS.includes(modelName))
    throw libvirtError('CONFIG_UNSUPPORTED', `unknown target model '${modelName}' specified for character device`);
  if (modelName !== undefined) device.targetModel = modelName;
  const portText = attributeOf(target, 'port');
  if (portText === undefined) return;
  const port = parseInt32(portText);
  if (port === undefined) throw libvirtError('XML_ERROR', `Invalid port number: ${portText}`);
  device.port = port;
}

// -- sources -----------------------------------------------------------------------------------------------------------------

const LOG: EchoRule = {
  name: 'log',
  attributes: [
    ['file', string],
    ['append', onOff],
  ],
  finish: (echoed) => (echoed.attributes.some(([name]) => name === 'file') ? echoed : undefined),
};

const SOURCE_LABEL: EchoRule = {
  name: 'seclabel',
  many: true,
  attributes: [
    ['model', string],
    ['labelskip', yesNo],
    ['relabel', yesNo],
  ],
  children: [{ name: 'label', text: (text) => text || undefined }],
};

/** The <source>s, <protocol> and <log> of a character device, as printed. A pty's path is only known while it runs. */
export function parseCharSource(element: XmlElement, type: string, live: boolean): EchoedElement[] {
  const sources = childrenOf(element, 'source');
  const most = type === 'udp' ? 2 : 1;
  if (sources.length > most)
    throw libvirtError(
      'XML_ERROR',
      `only ${most === 2 ? 'two source elements are' : 'one source element is'} allowed for character device`,
    );
  if (childrenOf(element, 'log').length > 1) throw libvirtError('XML_ERROR', 'only one log element is allowed for character device');
  if (childrenOf(element, 'protocol').length > 1)
    throw libvirtError('XML_ERROR', 'only one protocol element is allowed for character device');
  return [...sourceElements(element, sources, type, live), ...echoChildren([LOG], element)];
}

function sourceElements(element: XmlElement, sources: XmlElement[], type: string, live: boolean): EchoedElement[] {
  const [source] = sources;
  if (source === undefined) return type === 'tcp' ? [protocolOf(element)] : [];
  const of = (...names: string[]): [string, string | undefined][] => names.map((name) => [name, attributeOf(source, name)]);
  switch (type) {
    case 'pty':
      return live && attributeOf(source, 'path') !== undefined ? [echoedElement('source', of('path'))] : [];
    case 'dev':
    case 'file':
    case 'pipe': {
      const append = type === 'file' ? onOff(source, 'append') : undefined;
      return [echoedElement('source', [...of('path'), ['append', append]], sourceLabels(source))];
    }
    case 'nmdm': {
      const paths = echoedElement('source', of('master', 'slave'));
      return paths.attributes.length > 0 ? [paths] : [];
    }
    case 'tcp': {
      const mode = modeOf(source);
      const reconnect = echoChildren([RECONNECT], source);
      const tls = yesNo(source, 'tls');
      return [echoedElement('source', [['mode', mode], ...of('host', 'service'), ['tls', tls]], reconnect), protocolOf(element)];
    }
    case 'udp':
      return udpSources(sources);
    case 'unix':
      if (attributeOf(source, 'path') === undefined) return [];
      return [
        echoedElement('source', [['mode', modeOf(source)], ...of('path')], [...echoChildren([RECONNECT], source), ...sourceLabels(source)]),
      ];
    case 'spiceport':
    case 'dbus':
      return [echoedElement('source', of('channel'))];
    case 'qemu-vdagent': {
      const parts = echoChildren(VDAGENT, source);
      return parts.length > 0 ? [echoedElement('source', [], parts)] : [];
    }
    default:
      return [];
  }
}

const VDAGENT: readonly EchoRule[] = [
  { name: 'clipboard', omitEmpty: true, attributes: [['copypaste', required(yesNo)]] },
  { name: 'mouse', omitEmpty: true, attributes: [['mode', required(oneOf('server', 'client'))]] },
];

function sourceLabels(source: XmlElement): EchoedElement[] {
  const labels = echoChildren([SOURCE_LABEL], source);
  const models = labels.map((label) => echoedAttribute(label, 'model') ?? '(null)');
  const twice = models.find((model, index) => models.indexOf(model) < index);
  if (twice !== undefined) throw libvirtError('PLAIN', `seclabel for model ${twice} is already provided`);
  return labels.filter(({ attributes, children }) => children.length > 0 || attributes.some(([name]) => name !== 'model'));
}

function modeOf(source: XmlElement): 'connect' | 'bind' {
  return enumAttribute(source, 'mode', ['connect', 'bind'] as const) ?? 'connect';
}

function protocolOf(element: XmlElement): EchoedElement {
  const protocol = childOf(element, 'protocol');
  const type = (protocol && attributeOf(protocol, 'type')) ?? 'raw';
  if (!['raw', 'telnet', 'telnets', 'tls'].includes(type)) throw libvirtError('CONFIG_UNSUPPORTED', `Unknown protocol '${type}'`);
  return echoedElement('protocol', [['type', type]]);
}

function given(element: XmlElement, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(element.attributes.filter(({ local }) => names.includes(local)).map(({ local, value }) => [local, value]));
}

/** Of two for one direction the last word counts. */
function udpSources(sources: readonly XmlElement[]): EchoedElement[] {
  const byMode = { bind: {}, connect: {} };
  for (const source of sources) Object.assign(byMode[modeOf(source)], given(source, ['host', 'service']));
  return (['bind', 'connect'] as const).flatMap((mode) => {
    const { host, service }: { host?: string; service?: string } = byMode[mode];
    if (host === undefined && service === undefined) return [];
    return [
      echoedElement('source', [
        ['mode', mode],
        ['host', host],
        ['service', service],
      ]),
    ];
  });
}

/** What a source of each type cannot do without. `pathless`: libvirt chooses the path of the socket. */
export function validateCharSource(type: string, elements: readonly EchoedElement[], { pathless = false } = {}): void {
  const sources = elements.filter(({ name }) => name === 'source');
  const has = (attribute: string): boolean => sources.some((source) => echoedAttribute(source, attribute) !== undefined);
  const need = (attribute: string): void => {
    if (!has(attribute)) throw libvirtError('INTERNAL_ERROR', `Missing source ${attribute} attribute for char device`);
  };
  const reconnects = sources.some(({ children }) =>
    children.some((child) => child.name === 'reconnect' && echoedAttribute(child, 'enabled') === 'yes'),
  );
  if (reconnects && sources.some((source) => echoedAttribute(source, 'mode') === 'bind'))
    throw libvirtError('INTERNAL_ERROR', 'chardev reconnect is possible only for connect mode');
  switch (type) {
    case 'dev':
    case 'file':
    case 'pipe':
      need('path');
      break;
    case 'unix':
      if (!pathless) need('path');
      break;
    case 'nmdm':
      if (has('master') !== has('slave'))
        throw libvirtError('INTERNAL_ERROR', 'Should define both master and slave path attributes for nmdm device');
      break;
    case 'tcp':
      need('host');
      need('service');
      break;
    case 'udp':
      if (!sources.some((source) => echoedAttribute(source, 'mode') === 'connect' && echoedAttribute(source, 'service') !== undefined))
        throw libvirtError('INTERNAL_ERROR', 'Missing source service attribute for char device');
      break;
    case 'spiceport':
    case 'dbus': {
      const channel = sources[0] && echoedAttribute(sources[0], 'channel');
      if (channel === undefined) throw libvirtError('CONFIG_UNSUPPORTED', 'Missing source channel attribute for char device');
      if (!/^[A-Za-z0-9_.\-+/]*$/.test(channel)) throw libvirtError('INVALID_ARG', 'Invalid character in source channel for char device');
      break;
    }
    default:
  }
}

export function validateCharDevice(device: CharDevice): void {
  validateCharSource(device.type, device.source ? [device.source, ...device.others] : device.others);
}

/** The same for a device that is kept as an echo, whose @type says what its source is. */
export function validateEchoedSource(device: EchoedElement): void {
  const target = device.children.find(({ name }) => name === 'target');
  const pathless = ['virtio', 'xen'].includes((target && echoedAttribute(target, 'type')) ?? '');
  validateCharSource(echoedAttribute(device, 'type') ?? '', device.children, { pathless });
}

// -- numbering ---------------------------------------------------------------------------------------------------------------

/** Consoles are numbered in order whatever they say; a target that says nothing is the container's own kind. */
export function numberConsoles(consoles: readonly CharDevice[]): void {
  consoles.forEach((console, index) => {
    console.port = index;
    console.targetType ??= 'lxc';
  });
}

/** Serial ports without a number get those after the largest that is given. */
export function numberSerials(devices: readonly CharDevice[]): void {
  let largest = Math.max(-1, ...devices.map(({ port }) => port));
  for (const device of devices) if (device.port === -1) device.port = ++largest;
}

/** A parallel port without a number gets the one after the largest before it. */
export function numberParallels(devices: readonly CharDevice[]): void {
  let largest = -1;
  for (const device of devices) {
    if (device.port === -1) device.port = largest + 1;
    largest = Math.max(largest, device.port);
  }
}

/** ISA serial ports have fixed places. */
export function validateSerials(serials: readonly CharDevice[]): void {
  const taken = new Set<number>();
  for (const { targetType, port } of serials) {
    if (targetType !== 'isa-serial') continue;
    if (port >= ISA_SERIAL_PORTS)
      throw libvirtError('INTERNAL_ERROR', `Maximum supported number of ISA serial ports is '${ISA_SERIAL_PORTS}'`);
    if (taken.has(port)) throw libvirtError('INTERNAL_ERROR', `target port '${port}' already allocated`);
    taken.add(port);
  }
}

const ISA_SERIAL_PORTS = 4;

// -- channels ----------------------------------------------------------------------------------------------------------------

export function parseChannel(element: XmlElement, live: boolean): EchoedElement {
  const type = charTypeOf(element);
  const target = childOf(element, 'target');
  const targetType = target && attributeOf(target, 'type');
  if (target === undefined) throw libvirtError('XML_ERROR', 'target type must be specified for channel device');
  if (targetType === undefined || !TARGETS.channel.includes(targetType) || targetType === 'none')
    throw libvirtError('CONFIG_UNSUPPORTED', `unknown target type '${targetType ?? '(null)'}' specified for character device`);
  const kept = channelTarget(target, targetType, live);
  const sources = parseCharSource(element, type, live);
  if (type === 'spicevmc' && targetType !== 'virtio') throw libvirtError('CONFIG_UNSUPPORTED', 'spicevmc device type only supports virtio');
  const info = deviceInfoElements(parseDeviceInfo(element, { live }));
  return echoedElement('channel', [['type', type]], [...sources, kept, ...info]);
}

function channelTarget(target: XmlElement, targetType: string, live: boolean): EchoedElement {
  if (targetType === 'guestfwd') {
    const address = attributeOf(target, 'address');
    if (address === undefined) throw libvirtError('XML_ERROR', 'guestfwd channel does not define a target address');
    const bytes = parseIp(address);
    if (bytes === undefined) throw libvirtError('PLAIN', `Cannot parse socket address '${address}': Name or service not known`);
    if (bytes.length !== 4) throw libvirtError('CONFIG_UNSUPPORTED', 'guestfwd channel only supports IPv4 addresses');
    const port = unsignedAttribute(target, 'port', { required: true }) as number;
    return echoedElement('target', [
      ['type', targetType],
      ['address', formatIp(bytes)],
      ['port', String(port)],
    ]);
  }
  const name = attributeOf(target, 'name');
  const state = live ? enumAttribute(target, 'state', ['connected', 'disconnected']) : undefined;
  return echoedElement('target', [
    ['type', targetType],
    ['name', name],
    ['state', state],
  ]);
}

// -- printing ----------------------------------------------------------------------------------------------------------------

export function writeCharDevice(writer: XmlWriter, kind: Exclude<CharKind, 'channel'>, device: CharDevice, live: boolean): void {
  const path = live && device.type === 'pty' ? device.sourcePath : undefined;
  const tty = kind === 'console' && device.port === 0 ? path : undefined;
  writer.block(
    kind,
    [
      ['type', device.type],
      ['tty', tty],
    ],
    () => {
      if (path !== undefined) writer.empty('source', [['path', path]]);
      if (device.source) writeEchoed(writer, device.source);
      for (const other of device.others) writeEchoed(writer, other);
      writer.block(
        'target',
        [
          ['type', kind === 'console' ? (device.targetType ?? 'lxc') : device.targetType],
          ['port', device.port],
        ],
        () => {
          if (device.targetModel !== undefined) writer.empty('model', [['name', device.targetModel]]);
        },
      );
      writeDeviceInfo(writer, device);
    },
  );
}

// <interface>: network devices of the container.

import { libvirtError } from '../../errors.ts';
import { parseMac } from '../../values/mac.ts';
import { enumAttribute, YES_NO } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { echoedElement, writeEchoed } from '../../xml/echoed.ts';
import { attributeOf, childOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { InterfaceDevice, InterfaceType } from '../definition.ts';
import { parseActual, writeActual, writeConnection } from './actual-interface.ts';
import { parseBandwidth, writeBandwidth } from './bandwidth.ts';
import { parseDeviceInfo, writeDeviceInfo } from './device-info.ts';
import { networkAttributes, readHostSide, readSource, writeSource } from './interface-source.ts';
import { readTuning } from './interface-tuning.ts';
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

const isGenerated = (name: string | undefined): boolean => GENERATED_NAMES.some((prefix) => name?.startsWith(prefix));

/** The interface of a running domain as a configuration would have it. */
export function configuredInterface({ actual: _actual, targetDev, ...device }: InterfaceDevice): InterfaceDevice {
  return targetDev === undefined || isGenerated(targetDev) ? device : { ...device, targetDev };
}

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
  if (type) device.macOptions.push(['type', type]);
  if (check) device.macOptions.push(['check', check]);
}

// -- names -----------------------------------------------------------------------------------------------------------------

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
  if (dev !== undefined && (live || !isGenerated(dev))) device.targetDev = dev;
  if (managed) device.targetManaged = managed;
  const guest = of('guest', 'dev');
  const actual = of('guest', 'actual');
  if (guest !== undefined) device.guestDev = guest;
  if (actual !== undefined) device.guestActual = actual;
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

function writeTarget(writer: XmlWriter, device: InterfaceDevice, live: boolean): void {
  const { targetDev } = device;
  const shown = live || !isGenerated(targetDev) ? targetDev : undefined;
  if (shown !== undefined || device.targetManaged)
    writer.empty('target', [
      ['dev', shown],
      ['managed', device.targetManaged],
    ]);
}

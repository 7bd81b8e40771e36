// <networkport>: where one interface of a guest is plugged into a network.

import type { ActualInterface, Bandwidth } from '../domain/definition.ts';
import { DIRECT_MODES } from '../domain/elements/actual-interface.ts';
import { parseBandwidth, writeBandwidth } from '../domain/elements/bandwidth.ts';
import { parsePartialVirtualPort, parseVlan } from '../domain/elements/switch-port.ts';
import { libvirtError } from '../errors.ts';
import { parseMac } from '../values/mac.ts';
import { parseUuid } from '../values/uuid.ts';
import { yesNo } from '../xml/attributes.ts';
import type { EchoedElement } from '../xml/echoed.ts';
import { writeEchoed } from '../xml/echoed.ts';
import { attributeOf, childOf, childText, type XmlElement } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import { XmlWriter } from '../xml/writer.ts';

type YesNo = 'yes' | 'no';

export type PortPlug =
  | { type: 'network' | 'bridge'; bridge: string; macTableManager?: 'kernel' | 'libvirt' }
  | { type: 'direct'; dev: string; mode: (typeof DIRECT_MODES)[number] };

export interface NetworkPort {
  uuid: string;
  /** The domain. */
  owner: { name: string; uuid: string };
  group?: string;
  mac: string;
  virtualport?: EchoedElement;
  bandwidth?: Bandwidth;
  vlan?: EchoedElement;
  isolated?: YesNo;
  trustGuestRxFilters?: YesNo;
  /** Absent in what net-port-create is given. */
  plug?: PortPlug;
}

/** A port that has its place. */
export type PluggedPort = NetworkPort & { plug: PortPlug };

/** How the interface in this port is connected. */
export function actualInterface({ plug, vlan, virtualport, bandwidth, isolated }: PluggedPort): ActualInterface {
  const common = {
    ...(vlan && { vlan }),
    ...(virtualport && { virtualport }),
    ...(bandwidth && { bandwidth }),
    ...(isolated === 'yes' && { portIsolated: true }),
  };
  if (plug.type === 'direct') return { type: 'direct', source: plug.dev, sourceMode: plug.mode, ...common };
  const { type, bridge, macTableManager } = plug;
  return { type, source: bridge, ...(macTableManager && { macTableManager }), ...common };
}

export function formatNetworkPort(port: NetworkPort): string {
  const writer = new XmlWriter();
  writeNetworkPort(writer, port);
  return writer.toString();
}

export function writeNetworkPort(writer: XmlWriter, port: NetworkPort): void {
  writer.block('networkport', [], () => {
    writer.text('uuid', port.uuid);
    writer.block('owner', [], () => {
      writer.text('name', port.owner.name);
      writer.text('uuid', port.owner.uuid);
    });
    writer.text('group', port.group);
    writer.empty('mac', [['address', port.mac]]);
    if (port.virtualport) writeEchoed(writer, port.virtualport);
    writeBandwidth(writer, port.bandwidth);
    if (port.vlan) writeEchoed(writer, port.vlan);
    if (port.isolated) writer.empty('port', [['isolated', port.isolated]]);
    if (port.trustGuestRxFilters) writer.empty('rxfilters', [['trustGuest', port.trustGuestRxFilters]]);
    if (port.plug) {
      const { type, ...plug } = port.plug;
      writer.empty('plug', [['type', type], ...Object.entries(plug)]);
    }
  });
}

/** Throws XML_ERROR or INTERNAL_ERROR. */
export function parseNetworkPort(xml: string): NetworkPort {
  const root = parseXml(xml, '(networkport_definition)');
  if (root.local !== 'networkport') throw libvirtError('XML_ERROR', `expecting root element of 'networkport', not '${root.name}'`);
  const uuidText = childText(root, 'uuid');
  if (uuidText === undefined) throw libvirtError('INTERNAL_ERROR', 'network port has no uuid');
  const uuid = parseUuid(uuidText);
  if (uuid === undefined) throw libvirtError('XML_ERROR', `Unable to parse UUID '${uuidText}'`);
  const group = childText(root, 'group');
  const virtualport = parsePartialVirtualPort(root);
  const macText = attributeIn(root, 'mac', 'address');
  if (macText === undefined) throw libvirtError('XML_ERROR', 'No mac address specified for network port');
  const mac = parseMac(macText);
  if (mac === undefined) throw libvirtError('XML_ERROR', `Unable to parse MAC '${macText}'`);
  const bandwidth = parseBandwidth(root, { floor: true, classId: true });
  const vlan = parseVlan(root);
  const portElement = childOf(root, 'port');
  const isolated = portElement && yesNo(portElement, 'isolated');
  const filters = childOf(root, 'rxfilters');
  const trustGuestRxFilters = filters && yesNo(filters, 'trustGuest');
  const plug = parsePlug(root);
  return {
    uuid,
    owner: parseOwner(root),
    ...(group !== undefined && { group }),
    mac,
    ...(virtualport && { virtualport }),
    ...(bandwidth && { bandwidth }),
    ...(vlan && { vlan }),
    ...(isolated && { isolated }),
    ...(trustGuestRxFilters && { trustGuestRxFilters }),
    ...(plug && { plug }),
  };
}

function parseOwner(root: XmlElement): NetworkPort['owner'] {
  const element = childOf(root, 'owner');
  const name = element && childText(element, 'name');
  if (name === undefined) throw libvirtError('XML_ERROR', 'Missing network port owner name');
  const uuidText = element && childText(element, 'uuid');
  if (uuidText === undefined) throw libvirtError('XML_ERROR', 'Missing network port owner UUID');
  const uuid = parseUuid(uuidText);
  if (uuid === undefined) throw libvirtError('XML_ERROR', `Unable to parse UUID '${uuidText}'`);
  return { name, uuid };
}

function parsePlug(root: XmlElement): PortPlug | undefined {
  const element = childOf(root, 'plug');
  if (element === undefined) return undefined;
  const type = attributeOf(element, 'type');
  if (type === 'network' || type === 'bridge') {
    const bridge = attributeOf(element, 'bridge');
    if (bridge === undefined) throw libvirtError('XML_ERROR', 'Missing network port bridge name');
    const manager = attributeOf(element, 'macTableManager');
    return { type, bridge, ...((manager === 'kernel' || manager === 'libvirt') && { macTableManager: manager }) };
  }
  if (type === 'direct') {
    const dev = attributeOf(element, 'dev');
    if (dev === undefined) throw libvirtError('XML_ERROR', 'Missing network port link device name');
    const mode = DIRECT_MODES.find((candidate) => candidate === (attributeOf(element, 'mode') ?? 'vepa'));
    if (mode === undefined) throw libvirtError('XML_ERROR', `Invalid network port mode '${attributeOf(element, 'mode')}'`);
    return { type, dev, mode };
  }
  throw libvirtError('XML_ERROR', `Invalid network port plug type '${type ?? ''}'`);
}

function attributeIn(root: XmlElement, child: string, attribute: string): string | undefined {
  const element = childOf(root, child);
  return element && attributeOf(element, attribute);
}

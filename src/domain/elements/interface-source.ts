// An interface's <source>: what its host side is joined to, by the interface's type.

import { libvirtError } from '../../errors.ts';
import {
  enumAttribute,
  integerAttribute,
  missingAttribute,
  requiredAttribute,
  requiredEnum,
  unsignedAttribute,
} from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { type EchoRule, echo, echoChild, echoedElement, integer64, required, string, uuid, writeEchoed } from '../../xml/echoed.ts';
import { attributeOf, childOf, type XmlElement } from '../../xml/element.ts';
import type { Attributes, XmlWriter } from '../../xml/writer.ts';
import type { InterfaceDevice, InterfaceType } from '../definition.ts';
import { pciAttributes } from './device-info.ts';
import { parseIps, parseRoutes, writeIps, writeRoutes } from './ip.ts';
import { RECONNECT } from './reconnect.ts';

function sourceOf(element: XmlElement, type: InterfaceType): XmlElement {
  const source = childOf(element, 'source');
  if (source === undefined) throw libvirtError('XML_ERROR', `interface type='${type}' requires a 'source' element`);
  return source;
}

/** The host's end of the wire; that only one type has it, is checked later. */
export function readHostSide(device: InterfaceDevice, element: XmlElement): void {
  const source = childOf(element, 'source');
  if (source === undefined) return;
  device.hostIps = parseIps(source);
  device.hostRoutes = parseRoutes(source, 'interface host IP');
}

export function readSource(device: InterfaceDevice, element: XmlElement, live: boolean): void {
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

// -- printing ----------------------------------------------------------------------------------------------------------------

export function writeSource(writer: XmlWriter, device: InterfaceDevice, live: boolean): void {
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

export function networkAttributes({ source, portgroup, portid }: InterfaceDevice, live: boolean): Attributes {
  return [
    ['network', source],
    ['portgroup', portgroup],
    ['portid', live ? portid : undefined],
  ];
}

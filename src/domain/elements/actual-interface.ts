// What a network gave a live interface: in status documents <actual>, in a running domain's XML the interface's own <source>
// and what follows it.

import { enumAttribute, requiredAttribute, requiredEnum, yesNo } from '../../xml/attributes.ts';
import { writeEchoed } from '../../xml/echoed.ts';
import { childOf, type XmlElement } from '../../xml/element.ts';
import type { Attributes, XmlWriter } from '../../xml/writer.ts';
import type { ActualInterface } from '../definition.ts';
import { parseBandwidth, writeBandwidth } from './bandwidth.ts';
import { parsePartialVirtualPort, parseVlan } from './switch-port.ts';

export const DIRECT_MODES = ['vepa', 'private', 'bridge', 'passthrough'] as const;

/** The <actual> of an interface, or undefined. Throws XML_ERROR. */
export function parseActual(parent: XmlElement): ActualInterface | undefined {
  const element = childOf(parent, 'actual');
  const source = element && childOf(element, 'source');
  if (!element || !source) return undefined;
  const type = requiredEnum(element, 'type', ['network', 'bridge', 'direct']);
  const vlan = parseVlan(element);
  const virtualport = parsePartialVirtualPort(element);
  const bandwidth = parseBandwidth(element, { floor: true, classId: true });
  const port = childOf(element, 'port');
  const common = {
    ...(vlan && { vlan }),
    ...(virtualport && { virtualport }),
    ...(bandwidth && { bandwidth }),
    ...(port && yesNo(port, 'isolated') === 'yes' && { portIsolated: true }),
  };
  if (type === 'direct')
    return { type, source: requiredAttribute(source, 'dev'), sourceMode: requiredEnum(source, 'mode', DIRECT_MODES), ...common };
  const macTableManager = enumAttribute(source, 'macTableManager', ['kernel', 'libvirt']);
  return { type, source: requiredAttribute(source, 'bridge'), ...(macTableManager && { macTableManager }), ...common };
}

export function writeActual(writer: XmlWriter, actual: ActualInterface): void {
  writer.block('actual', [['type', actual.type]], () => writeConnection(writer, actual, []));
}

/** <source> with further attributes before its own, and what says how traffic passes there. */
export function writeConnection(writer: XmlWriter, actual: ActualInterface, attributes: Attributes): void {
  const place: Attributes =
    actual.type === 'direct'
      ? [
          ['dev', actual.source],
          ['mode', actual.sourceMode],
        ]
      : [
          ['bridge', actual.source],
          ['macTableManager', actual.macTableManager],
        ];
  writer.empty('source', [...attributes, ...place]);
  if (actual.vlan) writeEchoed(writer, actual.vlan);
  if (actual.virtualport) writeEchoed(writer, actual.virtualport);
  writeBandwidth(writer, actual.bandwidth);
  if (actual.portIsolated) writer.empty('port', [['isolated', 'yes']]);
}

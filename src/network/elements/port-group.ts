// <portgroup>: settings that an interface takes by naming the group.

import { parseBandwidth, writeBandwidth } from '../../domain/elements/bandwidth.ts';
import { parsePartialVirtualPort, parseVlan } from '../../domain/elements/switch-port.ts';
import { libvirtError } from '../../errors.ts';
import { yesNo } from '../../xml/attributes.ts';
import { writeEchoed } from '../../xml/echoed.ts';
import { attributeOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { PortGroup } from '../definition.ts';

export function parsePortGroup(element: XmlElement): PortGroup {
  const name = attributeOf(element, 'name');
  if (!name) throw libvirtError('XML_ERROR', 'Missing required name attribute in portgroup');
  const isDefault = attributeOf(element, 'default')?.toLowerCase() === 'yes';
  const trustGuestRxFilters = yesNo(element, 'trustGuestRxFilters');
  const virtualport = parsePartialVirtualPort(element);
  const bandwidth = parseBandwidth(element);
  const vlan = parseVlan(element);
  return {
    name,
    isDefault,
    ...(trustGuestRxFilters && { trustGuestRxFilters }),
    ...(virtualport && { virtualport }),
    ...(bandwidth && { bandwidth }),
    ...(vlan && { vlan }),
  };
}

export function writePortGroup(writer: XmlWriter, { name, isDefault, trustGuestRxFilters, vlan, virtualport, bandwidth }: PortGroup): void {
  writer.openBlock(
    'portgroup',
    [
      ['name', name],
      ['default', isDefault ? 'yes' : undefined],
      ['trustGuestRxFilters', trustGuestRxFilters],
    ],
    () => {
      if (vlan) writeEchoed(writer, vlan);
      if (virtualport) writeEchoed(writer, virtualport);
      writeBandwidth(writer, bandwidth);
    },
  );
}

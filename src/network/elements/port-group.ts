// <portgroup>: settings that an interface takes by naming the group.

import { yesNo } from '../../domain/elements/attributes.ts';
import { parseBandwidth, writeBandwidth } from '../../domain/elements/bandwidth.ts';
import { writeEchoed } from '../../domain/elements/echoed.ts';
import { parsePartialVirtualPort, parseVlan } from '../../domain/elements/switch-port.ts';
import { attributeOf, type XmlElement } from '../../domain/xml/element.ts';
import type { XmlWriter } from '../../domain/xml/writer.ts';
import { libvirtError } from '../../errors.ts';
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

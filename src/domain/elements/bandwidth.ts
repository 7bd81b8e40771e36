// <bandwidth>: limits of an interface's traffic.

import { libvirtError } from '../../errors.ts';
import type { BandwidthRate, InterfaceDevice } from '../definition.ts';
import { parseUint64 } from '../numbers.ts';
import { attributeOf, childOf, childrenOf, type XmlElement } from '../xml/element.ts';
import type { XmlWriter } from '../xml/writer.ts';

type Bandwidth = NonNullable<InterfaceDevice['bandwidth']>;
const RATES = ['average', 'peak', 'burst', 'floor'] as const;

/** `floorAllowed`: only where a libvirt network guarantees it. */
export function parseBandwidth(parent: XmlElement, floorAllowed: boolean): Bandwidth | undefined {
  const element = childOf(parent, 'bandwidth');
  if (element === undefined) return undefined;
  if (attributeOf(element, 'classID') !== undefined)
    throw libvirtError('PLAIN', 'classID attribute not supported on <bandwidth> in this usage context');
  const inbound = onlyChild(element, 'inbound');
  const outbound = onlyChild(element, 'outbound');
  const bandwidth: Bandwidth = {};
  if (inbound) bandwidth.inbound = parseRate(inbound);
  if (inbound && bandwidth.inbound?.floor && !floorAllowed)
    throw libvirtError('CONFIG_UNSUPPORTED', 'floor attribute is not supported for this config');
  if (outbound) {
    bandwidth.outbound = parseRate(outbound);
    if (bandwidth.outbound.floor) throw libvirtError('CONFIG_UNSUPPORTED', "'floor' attribute allowed only in <inbound> element");
  }
  return inbound || outbound ? bandwidth : undefined;
}

function onlyChild(element: XmlElement, name: string): XmlElement | undefined {
  const found = childrenOf(element, name);
  if (found.length > 1) throw libvirtError('PLAIN', `Only one child <${name}> element allowed`);
  return found[0];
}

function parseRate(element: XmlElement): BandwidthRate {
  const rate: BandwidthRate = {};
  if (attributeOf(element, 'average') === undefined && attributeOf(element, 'floor') === undefined)
    throw libvirtError('PLAIN', 'Missing mandatory average or floor attributes');
  if (attributeOf(element, 'average') === undefined && (attributeOf(element, 'peak') ?? attributeOf(element, 'burst')) !== undefined)
    throw libvirtError('CONFIG_UNSUPPORTED', "'peak' and 'burst' require 'average' attribute");
  for (const name of RATES) {
    const text = attributeOf(element, name);
    if (text === undefined) continue;
    const value = parseUint64(text);
    if (value === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `could not convert bandwidth ${name} value '${text}'`);
    if (value !== 0n) rate[name] = Number(value);
  }
  return rate;
}

export function writeBandwidth(writer: XmlWriter, bandwidth: Bandwidth | undefined): void {
  if (bandwidth === undefined) return;
  writer.openBlock('bandwidth', [], () => {
    for (const direction of ['inbound', 'outbound'] as const) {
      const rate = bandwidth[direction];
      if (rate?.average === undefined && rate?.floor === undefined) continue;
      writer.empty(direction, [
        ['average', rate.average],
        ['peak', rate.peak],
        ['floor', rate.floor],
        ['burst', rate.burst],
      ]);
    }
  });
}

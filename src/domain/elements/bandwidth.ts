// <bandwidth>: limits of an interface's traffic.

import { libvirtError } from '../../errors.ts';
import { parseUint32, parseUint64 } from '../../values/numbers.ts';
import { attributeOf, childOf, childrenOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { Bandwidth, BandwidthRate } from '../definition.ts';

const RATES = ['average', 'peak', 'burst', 'floor'] as const;

/** `floor`: it is allowed where a network guarantees it. `classId`: so is the class that a live one has for that. */
export function parseBandwidth(parent: XmlElement, allowed: { floor?: boolean; classId?: boolean } = {}): Bandwidth | undefined {
  const element = childOf(parent, 'bandwidth');
  if (element === undefined) return undefined;
  const classId = parseClassId(element, allowed.classId ?? false);
  const inbound = onlyChild(element, 'inbound');
  const outbound = onlyChild(element, 'outbound');
  const bandwidth: Bandwidth = {};
  if (inbound) bandwidth.inbound = parseRate(inbound);
  if (inbound && bandwidth.inbound?.floor && !allowed.floor)
    throw libvirtError('CONFIG_UNSUPPORTED', 'floor attribute is not supported for this config');
  if (outbound) {
    bandwidth.outbound = parseRate(outbound);
    if (bandwidth.outbound.floor) throw libvirtError('CONFIG_UNSUPPORTED', "'floor' attribute allowed only in <inbound> element");
  }
  if (classId !== undefined) bandwidth.classId = classId;
  return inbound || outbound ? bandwidth : undefined;
}

function parseClassId(element: XmlElement, allowed: boolean): number | undefined {
  const text = attributeOf(element, 'classID');
  if (text === undefined) return undefined;
  if (!allowed) throw libvirtError('PLAIN', 'classID attribute not supported on <bandwidth> in this usage context');
  const classId = parseUint32(text);
  if (classId === undefined) throw libvirtError('INTERNAL_ERROR', `Unable to parse class id '${text}'`);
  return classId || undefined;
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
  writer.openBlock('bandwidth', [['classID', bandwidth.classId]], () => {
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

// What tunes an interface: its <driver>, filters, link, queues and sizes. Containers keep most of it without acting on it.

import { libvirtError } from '../../errors.ts';
import { parseUint32, parseUint64, UINT_MAX } from '../../values/numbers.ts';
import { enumAttribute, ON_OFF } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { type EchoRule, echoChild, echoedAttribute, echoedElement, oldEnum, oneOf, onOff, positive, string } from '../../xml/echoed.ts';
import { attributeOf, childOf, childText, type XmlElement } from '../../xml/element.ts';
import type { InterfaceDevice, InterfaceType } from '../definition.ts';

const DRIVER_ATTRIBUTES: NonNullable<EchoRule['attributes']> = [
  ['name', oneOf('qemu', 'vhost')],
  ['txmode', oneOf('iothread', 'timer')],
  ['ioeventfd', onOff],
  ['event_idx', onOff],
  ['queues', positive],
  ['rx_queue_size', positive],
  ['tx_queue_size', positive],
  ['rss', onOff],
  ['rss_hash_report', onOff],
  ['iommu', onOff],
  ['ats', onOff],
  ['packed', onOff],
  ['page_per_vq', onOff],
];

const OFFLOADS = (names: readonly string[]): NonNullable<EchoRule['attributes']> => names.map((name) => [name, onOff] as const);

/** Only virtio has a driver to tune. */
const DRIVER: EchoRule = {
  name: 'driver',
  omitEmpty: true,
  attributes: DRIVER_ATTRIBUTES,
  children: [
    { name: 'host', omitEmpty: true, attributes: OFFLOADS(['csum', 'gso', 'tso4', 'tso6', 'ecn', 'ufo', 'mrg_rxbuf']) },
    { name: 'guest', omitEmpty: true, attributes: OFFLOADS(['csum', 'tso4', 'tso6', 'ecn', 'ufo']) },
  ],
};

const FILTERREF: EchoRule = {
  name: 'filterref',
  omitEmpty: true,
  attributes: [['filter', string]],
  children: [
    {
      name: 'parameter',
      many: true,
      attributes: [
        ['name', string],
        ['value', string],
      ],
      finish: (echoed) => (echoed.attributes.length === 2 ? echoed : undefined),
    },
  ],
  finish: (echoed) => {
    const nameOf = (parameter: EchoedElement): string => parameter.attributes[0]?.[1] ?? '';
    // By name; the values of one name stay in order.
    return { ...echoed, children: echoed.children.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0)) };
  },
};

/** Types whose traffic a filter can see. */
const FILTERED_TYPES = new Set<InterfaceType>(['ethernet', 'network', 'bridge']);

const TEAMING: EchoRule = {
  name: 'teaming',
  finish: (echoed) => {
    const type = echoedAttribute(echoed, 'type');
    if (type === 'transient' && !echoedAttribute(echoed, 'persistent'))
      throw libvirtError('CONFIG_UNSUPPORTED', "teaming persistent attribute must be set if teaming type is 'transient'");
    return type === undefined ? undefined : echoed;
  },
  attributes: [
    ['type', oldEnum(['persistent', 'transient'], (value) => `unknown teaming type '${value}'`)],
    ['persistent', string],
  ],
};

export function readTuning(device: InterfaceDevice, element: XmlElement): void {
  const domain = childOf(element, 'backenddomain');
  const domainName = domain && attributeOf(domain, 'name');
  if (domainName) device.others.push(echoedElement('backenddomain', [['name', domainName]]));
  if (device.model?.startsWith('virtio') || device.type === 'hostdev') {
    const driver = echoChild(DRIVER, element);
    if (driver) device.driver = driver;
  } else device.virtioOptions = virtioOptions(element);
  const backend = childOf(element, 'backend');
  if (backend) {
    const tap = attributeOf(backend, 'tap');
    const vhost = device.model?.startsWith('virtio') ? attributeOf(backend, 'vhost') : undefined;
    const type = enumAttribute(backend, 'type', []);
    if (tap !== undefined || vhost !== undefined)
      device.others.push(
        echoedElement('backend', [
          ['type', type],
          ['tap', tap],
          ['vhost', vhost],
        ]),
      );
  }
  const filterref = FILTERED_TYPES.has(device.type) ? echoChild(FILTERREF, element) : undefined;
  if (filterref) device.filterref = filterref;
  const link = childOf(element, 'link');
  const state = (link && attributeOf(link, 'state')) || undefined;
  if (state !== undefined && state !== 'up' && state !== 'down')
    throw libvirtError('CONFIG_UNSUPPORTED', `unknown interface link state '${state}'`);
  if (state !== undefined) device.linkState = state;
  const teaming = echoChild(TEAMING, element);
  if (teaming) device.others.push(teaming);
  const tune = childOf(element, 'tune');
  const sndbufText = tune && childText(tune, 'sndbuf');
  if (sndbufText !== undefined) {
    const sndbuf = parseUint64(sndbufText);
    if (sndbuf === undefined) throw libvirtError('XML_ERROR', 'sndbuf must be a positive integer');
    device.others.push(echoedElement('tune', [], [echoedElement('sndbuf', [], [], String(sndbuf))]));
  }
  const mtuElement = childOf(element, 'mtu');
  const mtuText = mtuElement && attributeOf(mtuElement, 'size');
  if (mtuText) {
    const mtu = parseUint32(mtuText);
    if (mtu === undefined) throw libvirtError('XML_ERROR', 'malformed mtu size');
    if (mtu > 0) device.mtu = mtu;
  }
  const coalesce = parseCoalesce(element);
  if (coalesce) device.others.push(coalesce);
}

/** The names of the options of <driver> that are virtio's alone. */
function virtioOptions(element: XmlElement): string[] {
  const driver = childOf(element, 'driver');
  return ['iommu', 'ats', 'packed'].filter((name) => driver && enumAttribute(driver, name, ON_OFF) !== undefined);
}

function parseCoalesce(element: XmlElement): EchoedElement | undefined {
  const coalesce = childOf(element, 'coalesce');
  const rx = coalesce && childOf(coalesce, 'rx');
  const frames = rx && childOf(rx, 'frames');
  const text = frames && attributeOf(frames, 'max');
  if (!text) return undefined;
  const most = parseUint64(text);
  if (most === undefined) throw libvirtError('PLAIN', `cannot parse value '${text}' for coalesce parameter`);
  if (most > UINT_MAX) throw libvirtError('OVERFLOW', `value '${text}' is too big for coalesce parameter, maximum is '${UINT_MAX}'`);
  if (most === 0n) return undefined;
  return echoedElement('coalesce', [], [echoedElement('rx', [], [echoedElement('frames', [['max', String(most)]])])]);
}

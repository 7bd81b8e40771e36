// <vcpu>, <vcpus>, <iothreads>, <iothreadids>, <defaultiothread>.

import { libvirtError } from '../../errors.ts';
import { formatBitmap, parseBitmap } from '../../values/bitmap.ts';
import { parseUint32 } from '../../values/numbers.ts';
import { enumAttribute, requiredEnum, unsignedAttribute, yesNo } from '../../xml/attributes.ts';
import { echo, echoedAttribute, echoedElement, nonNegative, nonZero, required, writeEchoed } from '../../xml/echoed.ts';
import { attributeOf, childOf, childrenOf, mergedChild, textOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainDefinition } from '../definition.ts';

/** How many bits libvirt's CPU masks have. */
export const CPU_MASK_BITS = 16384;

/** More than any machine has; libvirt itself runs out of memory on absurd counts. */
const MOST_VCPUS = 0x7fffff;

/** Likewise: libvirt makes an entry for each, for as long as memory lasts. */
const MOST_IOTHREADS = 16384;

export function parseVcpu(domain: XmlElement): DomainDefinition['vcpu'] {
  const element = childOf(domain, 'vcpu');
  if (element === undefined) return { count: 1, placement: 'static' };
  const text = textOf(element);
  const count = /^\s*[+-]?\d+$/.test(text) ? Number(text) : undefined;
  if (count === undefined || count < 0 || count > MOST_VCPUS) throw libvirtError('XML_ERROR', 'maximum vcpus count must be an integer');
  const current = unsignedAttribute(element, 'current');
  if (current !== undefined && current > count)
    throw libvirtError('CONFIG_UNSUPPORTED', 'maximum vCPU count must not be less than current vCPU count');
  const placement = enumAttribute(element, 'placement', ['static', 'auto']) ?? 'static';
  const vcpu: DomainDefinition['vcpu'] = { count, placement };
  if (current !== undefined && current !== count) vcpu.current = current;
  const cpuset = placement === 'auto' ? undefined : attributeOf(element, 'cpuset');
  if (cpuset !== undefined) {
    const cpus = parseBitmap(cpuset, CPU_MASK_BITS);
    if (cpus.length === 0) throw libvirtError('CONFIG_UNSUPPORTED', `Invalid value of 'cpuset': ${cpuset}`);
    if (cpus.length < CPU_MASK_BITS) vcpu.cpuset = formatBitmap(cpus);
  }
  return vcpu;
}

/** <vcpus> would give single vCPUs a state of their own, which a container has not; its mistakes come first. */
export function rejectVcpuStates(domain: XmlElement, count: number): void {
  const element = childOf(domain, 'vcpus');
  const entries = element ? childrenOf(element, 'vcpu') : [];
  for (const entry of entries) {
    const id = unsignedAttribute(entry, 'id', { required: true }) as number;
    if (id >= count) throw libvirtError('XML_ERROR', `vcpu id '${id}' is out of range of maximum vcpu count`);
    const enabled = requiredEnum(entry, 'enabled', ['yes', 'no']);
    const hotpluggable = yesNo(entry, 'hotpluggable');
    unsignedAttribute(entry, 'order');
    if (enabled === 'no' && hotpluggable === 'no')
      throw libvirtError('CONFIG_UNSUPPORTED', `vcpu '${id}' is both offline and not hotpluggable`);
  }
}

export function hasVcpuStates(domain: XmlElement): boolean {
  const element = childOf(domain, 'vcpus');
  return element !== undefined && childrenOf(element, 'vcpu').length > 0;
}

type Threads = Pick<DomainDefinition, 'iothreads' | 'iothreadids' | 'defaultiothread'>;

export function parseIothreads(domain: XmlElement): Threads {
  const threads: Threads = {};
  const element = childOf(domain, 'iothreads');
  const text = element && textOf(element);
  const count = text ? parseUint32(text) : 0;
  if (count === undefined) throw libvirtError('XML_ERROR', `invalid iothreads count '${text}'`);
  if (count > MOST_IOTHREADS)
    throw libvirtError('CONFIG_UNSUPPORTED', `iothreads count '${count}' is greater than the maximum of ${MOST_IOTHREADS}`);
  const list = mergedChild(domain, 'iothreadids');
  const ids = (list ? childrenOf(list, 'iothread') : []).map(
    (entry) =>
      echo(
        {
          name: 'iothread',
          attributes: [
            ['id', required(nonZero)],
            ['thread_pool_min', nonNegative],
            ['thread_pool_max', nonNegative],
          ],
        },
        entry,
      )!,
  );
  const seen = new Set<string>();
  for (const id of ids) {
    const value = id.attributes[0]?.[1] ?? '';
    if (seen.has(value)) throw libvirtError('XML_ERROR', `duplicate iothread id '${value}' found`);
    seen.add(value);
  }
  const total = Math.max(count, ids.length);
  if (total > 0) threads.iothreads = echoedElement('iothreads', [], [], String(total));
  if (ids.length > 0) {
    for (let next = 1; ids.length < total; next++) if (!seen.has(String(next))) ids.push(echoedElement('iothread', [['id', String(next)]]));
    threads.iothreadids = echoedElement('iothreadids', [], ids);
  }
  const pool = childOf(domain, 'defaultiothread');
  const fallback =
    pool &&
    echo(
      {
        name: 'defaultiothread',
        omitEmpty: true,
        attributes: [
          ['thread_pool_min', nonNegative],
          ['thread_pool_max', nonNegative],
        ],
      },
      pool,
    );
  if (fallback) threads.defaultiothread = fallback;
  return threads;
}

/** A pool of threads has some, and no more than its most. */
export function validateIothreads({ iothreadids, defaultiothread }: Threads): void {
  for (const pool of [...(iothreadids?.children ?? []), ...(defaultiothread ? [defaultiothread] : [])]) {
    const [least, most] = [echoedAttribute(pool, 'thread_pool_min'), echoedAttribute(pool, 'thread_pool_max')];
    if (most === '0') throw libvirtError('CONFIG_UNSUPPORTED', 'thread_pool_max must be a positive integer');
    if (Number(least ?? -1) > Number(most ?? -1))
      throw libvirtError('CONFIG_UNSUPPORTED', 'thread_pool_min must be smaller or equal to thread_pool_max');
  }
}

/** The ids of the I/O threads. */
export function iothreadIds(threads: Threads): Set<number> {
  if (threads.iothreadids) return new Set(threads.iothreadids.children.map((child) => Number(child.attributes[0]?.[1])));
  return new Set(Array.from({ length: Number(threads.iothreads?.text ?? 0) }, (_none, index) => index + 1));
}

export function writeVcpu(writer: XmlWriter, definition: DomainDefinition): void {
  const { vcpu } = definition;
  writer.text('vcpu', vcpu.count, [
    ['placement', vcpu.placement],
    ['cpuset', vcpu.cpuset],
    ['current', vcpu.current],
  ]);
  for (const threads of [definition.iothreads, definition.iothreadids, definition.defaultiothread])
    if (threads) writeEchoed(writer, threads);
}

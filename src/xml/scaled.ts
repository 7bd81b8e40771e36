// Sizes in documents: the text of an element, scaled by its @unit.

import { libvirtError } from '../errors.ts';
import { bytesToKiB, LARGEST_MEMORY, type ScaledOptions, scaledValue } from '../values/units.ts';
import { attributeOf, childOf, textOf, type XmlElement } from './element.ts';

/** The child `name` of `parent` in bytes, its unit from @unit; undefined where there is none or it is empty. */
export function scaledChild(parent: XmlElement, name: string, options: ScaledOptions): bigint | undefined {
  const element = childOf(parent, name);
  const text = element && textOf(element);
  if (element === undefined || !text) return undefined;
  return scaledValue(text, attributeOf(element, 'unit'), options.path ?? `./${name}[1]`, options);
}

/** The child `name` in KiB, rounded up; its default unit is KiB. */
export function memoryChild(parent: XmlElement, name: string, path = `./${name}[1]`): number | undefined {
  const bytes = scaledChild(parent, name, { defaultScale: 1024n, limit: LARGEST_MEMORY, path });
  if (bytes === undefined) return undefined;
  if (bytes > LARGEST_MEMORY - 1023n) throw libvirtError('OVERFLOW', 'size value too large');
  return bytesToKiB(bytes);
}

// From the XML of pools and volumes to the model.

import { libvirtError } from '../errors.ts';
import { parseInteger } from '../values/numbers.ts';
import { LARGEST_SIZE } from '../values/units.ts';
import { parseUuid } from '../values/uuid.ts';
import { enumAttribute, requiredEnum } from '../xml/attributes.ts';
import { attributeOf, childOf, childText, elementsOf, type XmlElement } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import { scaledChild } from '../xml/scaled.ts';
import { type Permissions, type PoolDefinition, VOLUME_FORMATS, type VolumeFormat, type VolumeRequest } from './definition.ts';

export const POOL_TYPES = [
  ...['dir', 'fs', 'netfs', 'logical', 'disk', 'iscsi', 'iscsi-direct', 'scsi', 'mpath', 'rbd', 'sheepdog', 'gluster', 'zfs', 'vstorage'],
] as const;

/** Throws XML_ERROR, or CONFIG_UNSUPPORTED for a pool that is no directory. */
export function parsePool(xml: string | Uint8Array, randomUuid: () => string): PoolDefinition {
  const root = parseXml(xml, '(storage_pool_definition)');
  if (root.local !== 'pool') throw libvirtError('XML_ERROR', `unexpected root element <${root.name}>, expecting <pool>`);
  return parsePoolElement(root, randomUuid);
}

/** The pool in a file of /run/libvirt/storage. */
export function parsePoolState(text: string): PoolDefinition | undefined {
  const root = parseXml(text, '(storage_pool_state)');
  const pool = root.local === 'poolstate' ? childOf(root, 'pool') : undefined;
  return pool && parsePoolElement(pool, () => '');
}

function parsePoolElement(root: XmlElement, randomUuid: () => string): PoolDefinition {
  const type = requiredEnum(root, 'type', POOL_TYPES);
  if (type !== 'dir')
    throw libvirtError('CONFIG_UNSUPPORTED', `storage pools of type '${type}' are not supported, those of type 'dir' are`);
  const name = childText(root, 'name');
  if (name === undefined) throw libvirtError('XML_ERROR', 'missing pool source name element');
  if (name.includes('/')) throw libvirtError('XML_ERROR', `name ${name} cannot contain '/'`);
  const uuidText = childText(root, 'uuid');
  const uuid = uuidText === undefined ? randomUuid() : parseUuid(uuidText);
  if (uuid === undefined) throw libvirtError('XML_ERROR', 'malformed uuid element');
  const target = childOf(root, 'target');
  const path = target && childText(target, 'path');
  if (path === undefined) throw libvirtError('XML_ERROR', 'missing storage pool target path');
  // Differs from libvirt, which would take it from wherever its daemon was started.
  if (!path.startsWith('/')) throw libvirtError('XML_ERROR', `storage pool target path '${path}' is not absolute`);
  return { name, uuid, path: plainPath(path), permissions: parsePermissions(target) };
}

/** Without slashes that say nothing. */
const plainPath = (path: string): string => path.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');

function parsePermissions(target: XmlElement | undefined): Permissions {
  const element = target && childOf(target, 'permissions');
  if (element === undefined) return {};
  const number = (name: string, base: 8 | 10, limit: bigint, wrong: string): number | undefined => {
    const text = childText(element, name);
    if (text === undefined) return undefined;
    const value = parseInteger(text, base);
    if (value === undefined || value < -1n || value > limit || (value < 0n && base === 8)) throw libvirtError('XML_ERROR', wrong);
    return value < 0n ? undefined : Number(value);
  };
  const mode = number('mode', 8, 0o7777n, 'malformed octal mode');
  const owner = number('owner', 10, 2n ** 32n - 2n, 'malformed owner element');
  const group = number('group', 10, 2n ** 32n - 2n, 'malformed group element');
  const label = childText(element, 'label');
  return {
    ...(mode !== undefined && { mode }),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
    ...(label !== undefined && { label }),
  };
}

/** Throws XML_ERROR, or CONFIG_UNSUPPORTED for an image format that nobody knows. */
export function parseVolume(xml: string | Uint8Array, { needsCapacity = true } = {}): VolumeRequest {
  const root = parseXml(xml, '(storage_volume_definition)');
  if (root.local !== 'volume') throw libvirtError('XML_ERROR', `unexpected root element <${root.name}>, expecting <volume>`);
  const type = enumAttribute(root, 'type', ['file', 'block', 'dir', 'network', 'netdir', 'ploop']);
  const name = childText(root, 'name');
  if (name === undefined) throw libvirtError('XML_ERROR', 'missing volume name element');
  const size = (element: string) => scaledChild(root, element, { defaultScale: 1n, limit: LARGEST_SIZE });
  const capacity = size('capacity');
  const target = childOf(root, 'target');
  const format = parseFormat(target) ?? (type === 'dir' ? 'dir' : 'raw');
  if (capacity === undefined && needsCapacity && format !== 'dir') throw libvirtError('XML_ERROR', 'missing capacity element');
  const allocation = size('allocation') ?? capacity ?? 0n;
  const backing = childOf(root, 'backingStore');
  const backingPath = backing && childText(backing, 'path');
  const qcow2 = format === 'qcow2' ? parseQcow2(target) : [];
  return {
    name,
    capacity: capacity ?? 0n,
    allocation,
    format,
    permissions: parsePermissions(target),
    ...(backingPath !== undefined && { backing: { path: backingPath, format: parseFormat(backing) ?? 'raw' } }),
    ...(qcow2.length > 0 && { qcow2 }),
  };
}

const QCOW2_FEATURES = ['lazy_refcounts', 'extended_l2'];

/** The version of the format, what only some versions have, and the size of its clusters. */
function parseQcow2(target: XmlElement | undefined): string[] {
  if (!target) return [];
  const compat = childText(target, 'compat');
  if (compat !== undefined && !/^\d{1,3}\.\d{1,3}$/.test(compat))
    throw libvirtError('XML_ERROR', "forbidden characters in 'compat' attribute");
  const features = childOf(target, 'features');
  const clusterSize = scaledChild(target, 'clusterSize', { defaultScale: 1n, limit: LARGEST_SIZE });
  return [
    ...(compat === undefined ? [] : [`compat=${compat}`]),
    ...(features ? elementsOf(features) : []).map(({ local }) => {
      if (!QCOW2_FEATURES.includes(local)) throw libvirtError('XML_ERROR', `unsupported feature ${local}`);
      return `${local}=on`;
    }),
    ...(clusterSize ? [`cluster_size=${clusterSize}`] : []),
  ];
}

function parseFormat(parent: XmlElement | undefined): VolumeFormat | undefined {
  const element = parent && childOf(parent, 'format');
  const type = element && attributeOf(element, 'type');
  if (!type) return undefined;
  if (!(VOLUME_FORMATS as readonly string[]).includes(type)) throw libvirtError('CONFIG_UNSUPPORTED', `unknown volume format type ${type}`);
  return type;
}

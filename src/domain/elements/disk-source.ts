// Where a disk's data come from: files, devices, network storage, and the images below them.

import { libvirtError } from '../../errors.ts';
import { parseWrapping } from '../../values/numbers.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import {
  type AttributeReader,
  demanded,
  type EchoRule,
  echo,
  echoedElement,
  oldEnum,
  oneOf,
  positive,
  required,
  string,
  unsigned,
  unsigned64,
  yesNo,
} from '../../xml/echoed.ts';
import { attributeOf, childOf, type XmlElement } from '../../xml/element.ts';
import { entryOf } from '../table.ts';
import { pciAttributes } from './device-info.ts';
import { IMAGE_FORMATS } from './filesystem.ts';

export const SOURCE_TYPES = ['file', 'block', 'dir', 'network', 'volume', 'nvme', 'vhostuser'] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];

const PATH_ATTRIBUTES: Readonly<Record<string, string>> = { file: 'file', block: 'dev', dir: 'dir' };

export function pathOf(source: EchoedElement, type: string): string | undefined {
  const name = entryOf(PATH_ATTRIBUTES, type);
  return source.attributes.find(([known]) => known === name)?.[1];
}

const SECLABEL: EchoRule = {
  name: 'seclabel',
  many: true,
  attributes: [
    ['model', string],
    ['labelskip', yesNo],
    ['relabel', yesNo],
  ],
  children: [{ name: 'label', text: (text) => text || undefined }],
};

const SECRET: EchoRule = {
  name: 'secret',
  finish: (echoed) => {
    if (!echoed.attributes.some(([name]) => name === 'uuid' || name === 'usage'))
      throw libvirtError('XML_ERROR', 'missing secret uuid or usage attribute');
    return echoed;
  },
  attributes: [
    ['type', string],
    ['uuid', string],
    ['usage', string],
  ],
};

export const ENCRYPTION: EchoRule = {
  name: 'encryption',
  attributes: [
    [
      'format',
      demanded(
        oldEnum(['default', 'qcow', 'luks', 'luks2'], (value) => `unknown volume encryption format type ${value}`),
        'XML_ERROR',
        'unknown volume encryption format',
      ),
    ],
    ['engine', oneOf('qemu', 'librbd')],
  ],
  children: [{ ...SECRET, many: true }],
  open: true,
};

export const AUTH: EchoRule = {
  name: 'auth',
  attributes: [['username', demanded(string, 'XML_ERROR', 'missing username for auth')]],
  children: [SECRET],
  finish: (echoed) => {
    if (echoed.children.length === 0) throw libvirtError('XML_ERROR', 'Missing <secret> element in auth');
    return echoed;
  },
};

const TRANSPORTS = oldEnum(['tcp', 'unix', 'rdma'], (value) => `unknown protocol transport type '${value}'`);

/** Ports that stand for themselves where none is given. */
const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  nbd: '10809',
  sheepdog: '7000',
  gluster: '24007',
  iscsi: '3260',
  http: '80',
  https: '443',
  ftp: '21',
  ftps: '990',
  tftp: '69',
  ssh: '22',
  vxhs: '9999',
};

const port: AttributeReader = (element, name) => {
  const text = attributeOf(element, name);
  if (text === undefined) return undefined;
  const value = parseWrapping(text, 32);
  if (value === undefined) throw libvirtError('INVALID_ARG', `failed to parse port number '${text}'`);
  return value === 0n ? undefined : String(value);
};

/** `defaults`: a port that is not given is the protocol's. */
export const hostRule = ({ defaults }: { defaults: boolean }): EchoRule => ({
  name: 'host',
  many: true,
  attributes: [
    ['name', string],
    ['port', port],
    ['transport', TRANSPORTS],
    ['socket', string],
  ],
  finish: (echoed, element) => {
    const of = (name: string): string | undefined => echoed.attributes.find(([known]) => known === name)?.[1];
    const transport = of('transport') ?? 'tcp';
    if (transport === 'unix') {
      if (of('socket') === undefined) throw libvirtError('XML_ERROR', 'missing socket for unix transport');
      return echoedElement('host', [
        ['transport', transport],
        ['socket', of('socket')],
      ]);
    }
    if (of('socket') !== undefined) throw libvirtError('XML_ERROR', `transport '${transport}' does not support socket attribute`);
    if (of('name') === undefined) throw libvirtError('XML_ERROR', 'missing name for host');
    const protocol = element.parent && attributeOf(element.parent, 'protocol');
    return echoedElement('host', [
      ['name', of('name')],
      ['port', of('port') ?? (defaults ? entryOf(DEFAULT_PORTS, protocol ?? '') : undefined)],
      ['transport', transport === 'tcp' ? undefined : transport],
    ]);
  },
});

const HOST = hostRule({ defaults: true });

const PROTOCOLS = 'nbd rbd sheepdog gluster iscsi http https ftp ftps tftp ssh vxhs nfs'.split(' ');

const STARTUP: readonly [string, AttributeReader] = ['startupPolicy', oneOf('default', 'mandatory', 'requisite', 'optional')];

const RESERVATIONS: EchoRule = {
  name: 'reservations',
  attributes: [['managed', yesNo]],
  children: [
    {
      name: 'source',
      attributes: [
        ['type', string],
        ['path', string],
        ['mode', string],
      ],
    },
  ],
};

/** The part of an image that is the disk. */
const SLICES: EchoRule = {
  name: 'slices',
  omitEmpty: true,
  children: [
    {
      name: 'slice',
      attributes: [
        ['type', oneOf('storage')],
        ['offset', unsigned64],
        ['size', unsigned64],
      ],
    },
  ],
};

/** Certificates and cookies are for https. */
function usesTls(child: XmlElement): boolean {
  return child.parent !== undefined && attributeOf(child.parent, 'protocol') === 'https';
}

/** A path; an empty one is none. */
const nonEmpty: AttributeReader = (element, name) => attributeOf(element, name) || undefined;

/** Only NBD can do without a name. */
function networkName(element: XmlElement, name: string): string | undefined {
  const value = attributeOf(element, name);
  if (value === undefined && attributeOf(element, 'protocol') !== 'nbd') throw libvirtError('XML_ERROR', 'missing name for disk source');
  if (['rbd', 'gluster'].includes(attributeOf(element, 'protocol') ?? '') && value!.indexOf('/') < 1)
    throw libvirtError('XML_ERROR', `can't split path '${value}' into pool name and image name`);
  return value;
}

const SOURCE_RULES: Readonly<Record<SourceType, EchoRule>> = {
  file: {
    name: 'source',
    attributes: [['file', nonEmpty], ['fdgroup', string], STARTUP],
    children: [SECLABEL, SLICES, ENCRYPTION, RESERVATIONS],
  },
  block: { name: 'source', attributes: [['dev', nonEmpty], STARTUP], children: [SECLABEL, SLICES, ENCRYPTION, RESERVATIONS] },
  dir: { name: 'source', attributes: [['dir', nonEmpty], STARTUP], children: [ENCRYPTION] },
  network: {
    name: 'source',
    attributes: [
      ['protocol', required(oneOf(...PROTOCOLS))],
      ['name', networkName],
      ['query', string],
      ['tls', yesNo],
      ['tlsHostname', string],
    ],
    children: [
      HOST,
      { name: 'snapshot', attributes: [['name', string]] },
      { name: 'config', attributes: [['file', string]] },
      {
        name: 'ssl',
        omitEmpty: true,
        attributes: [['verify', yesNo]],
        finish: (echoed, element) => (usesTls(element) ? echoed : undefined),
      },
      {
        name: 'cookies',
        omitEmpty: true,
        children: [{ name: 'cookie', many: true, attributes: [['name', string]], text: (text) => text }],
        finish: (echoed, element) => (usesTls(element) ? echoed : undefined),
      },
      { name: 'readahead', omitEmpty: true, attributes: [['size', positive]] },
      { name: 'timeout', omitEmpty: true, attributes: [['seconds', positive]] },
      {
        name: 'initiator',
        omitEmpty: true,
        children: [{ name: 'iqn', omitEmpty: true, attributes: [['name', string]] }],
      },
      {
        name: 'identity',
        omitEmpty: true,
        attributes: [
          ['user', string],
          ['group', string],
        ],
      },
      AUTH,
      ENCRYPTION,
    ],
  },
  volume: {
    name: 'source',
    attributes: [
      ['pool', string],
      ['volume', string],
      ['mode', oldEnum(['host', 'direct'], (value) => `unknown source mode '${value}' for volume type disk`)],
      STARTUP,
    ],
    children: [SECLABEL, ENCRYPTION],
    finish: (echoed) => {
      const has = (name: string) => echoed.attributes.some(([known]) => known === name);
      if (has('pool') !== has('volume'))
        throw libvirtError('XML_ERROR', "'pool' and 'volume' must be specified together for 'pool' type source");
      return echoed;
    },
  },
  nvme: {
    name: 'source',
    attributes: [
      ['type', demanded(string, 'XML_ERROR', "missing 'type' attribute to disk source")],
      ['managed', yesNo],
      ['namespace', unsigned64],
    ],
    children: [{ name: 'address', finish: (_echoed, element) => echoedElement('address', pciAttributes(element, true)) }],
  },
  vhostuser: {
    name: 'source',
    attributes: [
      ['type', required(string)],
      ['path', string],
    ],
    children: [
      {
        name: 'reconnect',
        attributes: [
          ['enabled', required(yesNo)],
          ['timeout', unsigned],
        ],
      },
    ],
  },
};

export function parseSource(element: XmlElement, type: SourceType): EchoedElement | undefined {
  const echoed = echo(SOURCE_RULES[type], element);
  return echoed && echoed.attributes.length === 0 && echoed.children.length === 0 ? undefined : echoed;
}

/** The chain of images below this one. */
export function echoBacking(element: XmlElement): EchoedElement | undefined {
  const backing = childOf(element, 'backingStore');
  if (backing === undefined) return undefined;
  const type = attributeOf(backing, 'type');
  if (type === undefined) return echoedElement('backingStore', []);
  if (!SOURCE_TYPES.some((known) => known === type)) throw libvirtError('XML_ERROR', `unknown storage source type '${type}'`);
  const format = childOf(backing, 'format');
  const formatType = format && attributeOf(format, 'type');
  if (formatType === undefined) throw libvirtError('XML_ERROR', 'missing disk backing store format');
  if (!IMAGE_FORMATS.includes(formatType)) throw libvirtError('XML_ERROR', `unknown storage source format '${formatType}'`);
  const source = childOf(backing, 'source');
  if (source === undefined) throw libvirtError('XML_ERROR', 'missing disk backing store source');
  const kept = parseSource(source, type as SourceType);
  const below = echoBacking(backing);
  return echoedElement(
    'backingStore',
    [['type', type]],
    [echoedElement('format', [['type', formatType]]), ...(kept ? [kept] : []), ...(below ? [below] : [])],
  );
}

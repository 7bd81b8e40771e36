// Balloon, random numbers, watchdog, TPM and other parts of a virtual machine.

import { libvirtError } from '../../errors.ts';
import { parseInt32, parseUint32 } from '../../values/numbers.ts';
import { LARGEST_SIZE } from '../../values/units.ts';
import { parseUuid } from '../../values/uuid.ts';
import { enumAttribute } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import {
  demanded,
  echo,
  echoedAttribute,
  echoedElement,
  nonZero,
  oldEnum,
  oldPositive,
  oneOf,
  onOff,
  orElse,
  positive,
  positive64,
  required,
  string,
  unlessEmpty,
  yesNo,
} from '../../xml/echoed.ts';
import { attributeOf, childOf, childrenOf, childText, elementsOf, textOf, type XmlElement } from '../../xml/element.ts';
import { scaledChild } from '../../xml/scaled.ts';
import { parseCharSource, validateCharSource } from './console.ts';

import { type PassiveRule, VIRTIO_DRIVER, VIRTIO_MODELS } from './passive-rule.ts';

/** In seconds, as far as an int goes; what is below 0 or no number means none. */
function statsPeriod(element: XmlElement, name: string): string | undefined {
  const value = parseInt32(attributeOf(element, name) ?? '');
  return value === undefined || value <= 0 ? undefined : String(value);
}

export const MEMBALLOON: PassiveRule = {
  name: 'memballoon',
  only: 'only a single memory balloon device is supported',
  attributes: [
    ['model', required(oneOf('virtio', 'xen', 'none', 'virtio-transitional', 'virtio-non-transitional'))],
    ['autodeflate', onOff],
    ['freePageReporting', onOff],
  ],
  children: [{ name: 'stats', omitEmpty: true, attributes: [['period', statsPeriod]] }, VIRTIO_DRIVER],
};

export const RNG: PassiveRule = {
  name: 'rng',
  attributes: [
    [
      'model',
      demanded(
        oldEnum(VIRTIO_MODELS, (value) => `unknown RNG model '${value}'`),
        'XML_ERROR',
        'missing RNG device model',
      ),
    ],
  ],
  children: [
    {
      name: 'rate',
      omitEmpty: true,
      attributes: [
        ['bytes', unlessEmpty(oldPositive(() => 'invalid RNG rate bytes value'))],
        ['period', unlessEmpty(oldPositive(() => 'invalid RNG rate period value'))],
      ],
      // Without an amount there is no rate.
      finish: (echoed) => (echoedAttribute(echoed, 'bytes') === undefined ? undefined : echoed),
    },
  ],
  finish: (echoed, element) => {
    const backends = childrenOf(element, 'backend');
    if (backends.length !== 1) throw libvirtError('XML_ERROR', 'only one RNG backend is supported');
    const driver = childOf(element, 'driver');
    const kept = driver && echo(VIRTIO_DRIVER, driver);
    return { ...echoed, children: [...echoed.children, rngBackend(backends[0] as XmlElement), ...(kept ? [kept] : [])] };
  },
};

function rngBackend(element: XmlElement): EchoedElement {
  const model = attributeOf(element, 'model');
  if (model === undefined) throw libvirtError('XML_ERROR', 'missing RNG device backend model');
  switch (model) {
    case 'random':
      return echoedElement('backend', [['model', model]], [], textOf(element) || '/dev/random');
    case 'builtin':
      return echoedElement('backend', [['model', model]]);
    case 'egd': {
      const type = attributeOf(element, 'type');
      if (type === undefined) throw libvirtError('XML_ERROR', 'missing EGD backend type');
      if (charTypes(type) === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `unknown backend type '${type}' for egd`);
      const sources = parseCharSource(element, type, false);
      validateCharSource(type, sources);
      return echoedElement(
        'backend',
        [
          ['model', model],
          ['type', type],
        ],
        sources,
      );
    }
    default:
      throw libvirtError('CONFIG_UNSUPPORTED', `unknown RNG backend model '${model}'`);
  }
}

function charTypes(type: string): string | undefined {
  return ['null', 'vc', 'pty', 'dev', 'file', 'pipe', 'stdio', 'udp', 'tcp', 'unix', 'nmdm'].find((known) => known === type);
}

export const WATCHDOG: PassiveRule = {
  name: 'watchdog',
  only: 'only a single watchdog device is supported',
  attributes: [
    [
      'model',
      demanded(
        oldEnum(['i6300esb', 'ib700', 'diag288'], (value) => `unknown watchdog model '${value}'`),
        'INTERNAL_ERROR',
        'watchdog must contain model name',
      ),
    ],
    [
      'action',
      orElse(
        oldEnum(['reset', 'shutdown', 'poweroff', 'pause', 'dump', 'none', 'inject-nmi'], (value) => `unknown watchdog action '${value}'`),
        'reset',
      ),
    ],
  ],
};

export const TPM: PassiveRule = {
  name: 'tpm',
  attributes: [['model', oneOf('tpm-tis', 'tpm-crb', 'tpm-spapr', 'spapr-tpm-proxy')]],
  finish: (echoed, element) => {
    const backends = childrenOf(element, 'backend');
    if (backends.length > 1) throw libvirtError('XML_ERROR', 'only one TPM backend is supported');
    const [backend] = backends;
    if (backend === undefined) throw libvirtError('XML_ERROR', 'missing TPM device backend');
    return { ...echoed, children: [tpmBackend(backend)] };
  },
};

const PCR_BANKS = ['sha1', 'sha256', 'sha384', 'sha512'];

function tpmBackend(element: XmlElement): EchoedElement {
  const type = attributeOf(element, 'type');
  if (type === undefined) throw libvirtError('XML_ERROR', "Missing required attribute 'type' in element 'backend'");
  const kind = enumAttribute(element, 'type', ['passthrough', 'emulator', 'external']);
  if (kind === 'passthrough') {
    const device = childOf(element, 'device');
    const path = (device && attributeOf(device, 'path')) || '/dev/tpm0';
    return echoedElement('backend', [['type', kind]], [echoedElement('device', [['path', path]])]);
  }
  if (kind === 'external') {
    const source = childOf(element, 'source');
    const sourceType = source && attributeOf(source, 'type');
    if (source === undefined || sourceType === undefined) throw libvirtError('XML_ERROR', 'missing external TPM backend type');
    return echoedElement(
      'backend',
      [['type', kind]],
      [
        echoedElement('source', [
          ['type', sourceType],
          ['mode', attributeOf(source, 'mode')],
          ['path', attributeOf(source, 'path')],
        ]),
      ],
    );
  }
  const children: EchoedElement[] = [];
  const persistent = attributeOf(element, 'persistent_state');
  if (persistent !== undefined && persistent !== 'yes' && persistent !== 'no')
    throw libvirtError('INTERNAL_ERROR', "Invalid persistent_state value, either 'yes' or 'no'");
  const encryption = childOf(element, 'encryption');
  const secretText = (encryption && attributeOf(encryption, 'secret')) || undefined;
  const secret = secretText === undefined ? undefined : parseUuid(secretText);
  if (secretText !== undefined && secret === undefined) throw libvirtError('INTERNAL_ERROR', `Unable to parse secret uuid '${secretText}'`);
  if (secret !== undefined) children.push(echoedElement('encryption', [['secret', secret]]));
  const banks = childOf(element, 'active_pcr_banks');
  for (const { local } of banks ? elementsOf(banks) : [])
    if (!PCR_BANKS.includes(local)) throw libvirtError('CONFIG_UNSUPPORTED', `Unsupported PCR banks '${local}'`);
  const chosen = banks ? PCR_BANKS.filter((bank) => childOf(banks, bank)) : [];
  const version = enumAttribute(element, 'version', ['1.2', '2.0']);
  if (chosen.length > 0 && version !== '2.0') throw libvirtError('XML_ERROR', "<active_pcr_banks/> requires TPM version '2.0'");
  if (chosen.length > 0)
    children.push(
      echoedElement(
        'active_pcr_banks',
        [],
        chosen.map((bank) => echoedElement(bank, [])),
      ),
    );
  return echoedElement(
    'backend',
    [
      ['type', 'emulator'],
      ['version', version],
      ['persistent_state', persistent],
    ],
    children,
  );
}

export const PANIC: PassiveRule = {
  name: 'panic',
  attributes: [['model', oldEnum(['isa', 'pseries', 'hyperv', 's390', 'pvpanic'], (value) => `unknown panic model '${value}'`)]],
};

const MEBIBYTE = 1024n * 1024n;

export const SHMEM: PassiveRule = {
  name: 'shmem',
  attributes: [
    ['name', demanded(string, 'XML_ERROR', "shmem element must contain 'name' attribute")],
    ['role', oneOf('master', 'peer')],
  ],
  finish: (echoed, element) => shmem(echoed, element),
};

function shmem(echoed: EchoedElement, element: XmlElement): EchoedElement {
  if (echoedAttribute(echoed, 'name')?.includes('/')) throw libvirtError('CONFIG_UNSUPPORTED', "shmem name cannot include '/' character");
  const model = childOf(element, 'model');
  const type = (model && enumAttribute(model, 'type', ['ivshmem', 'ivshmem-plain', 'ivshmem-doorbell'])) ?? 'ivshmem';
  const children = [echoedElement('model', [['type', type]])];
  const size = childOf(element, 'size');
  if (size) {
    const bytes = scaledChild(element, 'size', { defaultScale: 1n, limit: LARGEST_SIZE });
    if (bytes) children.push(echoedElement('size', [['unit', 'M']], [], String(bytes / MEBIBYTE)));
  }
  const server = childOf(element, 'server');
  if (server) children.push(echoedElement('server', [['path', attributeOf(server, 'path')]]));
  const msi = childOf(element, 'msi');
  const kept =
    msi &&
    echo(
      {
        name: 'msi',
        attributes: [
          ['vectors', positive],
          ['ioeventfd', onOff],
        ],
      },
      msi,
    );
  if (kept && server === undefined) throw libvirtError('XML_ERROR', 'msi option is only supported with a server');
  if (kept) children.push(kept);
  // The role is only kept for the plain and doorbell models.
  const attributes = type === 'ivshmem' ? echoed.attributes.filter(([name]) => name !== 'role') : echoed.attributes;
  return { ...echoed, attributes, children };
}

export const IOMMU: PassiveRule = {
  name: 'iommu',
  only: 'only a single IOMMU device is supported',
  onlyCode: 'XML_ERROR',
  attributes: [['model', required(oneOf('intel', 'smmuv3', 'virtio'))]],
  children: [
    {
      name: 'driver',
      omitEmpty: true,
      attributes: [
        ['intremap', onOff],
        ['caching_mode', onOff],
        ['eim', onOff],
        ['iotlb', onOff],
        ['aw_bits', positive],
      ],
    },
  ],
};

export const VSOCK: PassiveRule = {
  name: 'vsock',
  only: 'only a single vsock device is supported',
  onlyCode: 'XML_ERROR',
  attributes: [['model', oneOf(...VIRTIO_MODELS)]],
  finish: (echoed, element) => {
    const cid = childOf(element, 'cid');
    const given = cid && nonZero(cid, 'address');
    const auto = (cid && enumAttribute(cid, 'auto', ['yes', 'no'])) ?? (given === undefined ? 'yes' : 'no');
    const address = auto === 'yes' ? undefined : given;
    if (Number(address ?? 3) < 3) throw libvirtError('CONFIG_UNSUPPORTED', 'guest CIDs must be >= 3');
    const driver = childOf(element, 'driver');
    const kept = driver && echo(VIRTIO_DRIVER, driver);
    return {
      ...echoed,
      children: [
        echoedElement('cid', [
          ['auto', auto],
          ['address', address],
        ]),
        ...(kept ? [kept] : []),
      ],
    };
  },
};

export const NVRAM: PassiveRule = { name: 'nvram', only: 'only a single nvram device is supported', open: true };

export const MEMORY_DEVICE: PassiveRule = {
  name: 'memory',
  attributes: [
    ['model', required(oneOf('dimm', 'nvdimm', 'virtio-pmem', 'virtio-mem', 'sgx-epc'))],
    ['access', oneOf('shared', 'private')],
    ['discard', yesNo],
  ],
  finish: (echoed, element) => {
    const target = childOf(element, 'target');
    if (target === undefined) throw libvirtError('XML_ERROR', 'missing <target> element for <memory> device');
    const node = childText(target, 'node');
    if (node !== undefined && parseUint32(node) === undefined) throw libvirtError('XML_ERROR', 'invalid value of memory device node');
    if (!scaledChild(target, 'size', { defaultScale: 1024n, limit: LARGEST_SIZE, path: './size' }))
      throw libvirtError('XML_ERROR', "missing element or attribute './size'");
    return echoed;
  },
};

export const LEASE: PassiveRule = {
  name: 'lease',
  finish: (_echoed, element) => {
    const lockspace = childOf(element, 'lockspace');
    const key = childOf(element, 'key');
    const target = childOf(element, 'target');
    if (!key || textOf(key) === '') throw libvirtError('XML_ERROR', "Missing 'key' element for lease");
    // libvirt has no words for it.
    if (!lockspace || textOf(lockspace) === '') throw libvirtError('PLAIN', 'An error occurred, but the cause is unknown');
    if (!target) throw libvirtError('XML_ERROR', "Missing 'target' element for lease");
    const path = attributeOf(target, 'path');
    if (path === undefined) throw libvirtError('XML_ERROR', "Missing 'path' attribute to 'target' element for lease");
    const offset = positive64(target, 'offset');
    return echoedElement(
      'lease',
      [],
      [
        echoedElement('lockspace', [], [], textOf(lockspace)),
        echoedElement('key', [], [], textOf(key)),
        echoedElement('target', [
          ['path', path],
          ['offset', offset],
        ]),
      ],
    );
  },
};

// Balloon, random numbers, watchdog, TPM and other parts of a virtual machine.

import { libvirtError } from '../../errors.ts';
import type { EchoedElement } from '../definition.ts';
import { parseUint32 } from '../numbers.ts';
import { attributeOf, childOf, childrenOf, textOf, type XmlElement } from '../xml/element.ts';
import { enumAttribute } from './attributes.ts';
import { parseCharSource } from './console.ts';
import { demanded, echo, echoedElement, oldEnum, oneOf, onOff, orElse, positive, required, string, unsigned } from './echoed.ts';

import { type PassiveRule, VIRTIO_DRIVER, VIRTIO_MODELS } from './passive-rule.ts';

export const MEMBALLOON: PassiveRule = {
  name: 'memballoon',
  only: 'only a single memory balloon device is supported',
  attributes: [
    ['model', required(oneOf('virtio', 'xen', 'none', 'virtio-transitional', 'virtio-non-transitional'))],
    ['autodeflate', onOff],
    ['freePageReporting', onOff],
  ],
  children: [{ name: 'stats', omitEmpty: true, attributes: [['period', positive]] }, VIRTIO_DRIVER],
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
        ['bytes', required(positive)],
        ['period', positive],
      ],
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
      if (type === undefined || charTypes(type) === undefined)
        throw libvirtError('CONFIG_UNSUPPORTED', `unknown backend type '${type ?? ''}' for egd`);
      return echoedElement(
        'backend',
        [
          ['model', model],
          ['type', type],
        ],
        parseCharSource(element, type, false),
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
  const encryption = childOf(element, 'encryption');
  const secret = encryption && attributeOf(encryption, 'secret');
  if (secret !== undefined) children.push(echoedElement('encryption', [['secret', secret]]));
  const banks = childOf(element, 'active_pcr_banks');
  const chosen = banks ? PCR_BANKS.filter((bank) => childOf(banks, bank)) : [];
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
      ['version', enumAttribute(element, 'version', ['1.2', '2.0'])],
      ['persistent_state', enumAttribute(element, 'persistent_state', ['yes', 'no'])],
    ],
    children,
  );
}

export const PANIC: PassiveRule = {
  name: 'panic',
  attributes: [['model', oldEnum(['isa', 'pseries', 'hyperv', 's390', 'pvpanic'], (value) => `unknown panic model '${value}'`)]],
};

export const SHMEM: PassiveRule = {
  name: 'shmem',
  attributes: [
    ['name', demanded(string, 'XML_ERROR', "shmem element must contain 'name' attribute")],
    ['role', oneOf('master', 'peer')],
  ],
  finish: (echoed, element) => shmem(echoed, element),
};

function shmem(echoed: EchoedElement, element: XmlElement): EchoedElement {
  const model = childOf(element, 'model');
  const type = (model && enumAttribute(model, 'type', ['ivshmem', 'ivshmem-plain', 'ivshmem-doorbell'])) ?? 'ivshmem';
  const children = [echoedElement('model', [['type', type]])];
  const size = childOf(element, 'size');
  if (size) {
    const text = textOf(size);
    const mebibytes = parseUint32(text);
    if (mebibytes === undefined) throw libvirtError('XML_ERROR', `Invalid value '${text}' for element or attribute './size[1]'`);
    children.push(echoedElement('size', [['unit', 'M']], [], String(mebibytes)));
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
    const auto =
      (cid && enumAttribute(cid, 'auto', ['yes', 'no'])) ?? (cid && attributeOf(cid, 'address') !== undefined ? undefined : 'yes');
    const address = auto === 'yes' || cid === undefined ? undefined : unsigned(cid, 'address');
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
  attributes: [['model', required(oneOf('dimm', 'nvdimm', 'virtio-pmem', 'virtio-mem', 'sgx-epc'))]],
};

export const LEASE: PassiveRule = {
  name: 'lease',
  finish: (_echoed, element) => {
    const lockspace = childOf(element, 'lockspace');
    const key = childOf(element, 'key');
    const target = childOf(element, 'target');
    if (!lockspace || textOf(lockspace) === '') throw libvirtError('PLAIN', 'An error occurred, but the cause is unknown');
    if (!key || textOf(key) === '') throw libvirtError('XML_ERROR', "Missing 'key' element for lease");
    if (!target) throw libvirtError('XML_ERROR', "Missing 'target' element for lease");
    const path = attributeOf(target, 'path');
    if (path === undefined) throw libvirtError('XML_ERROR', "Missing 'path' attribute to 'target' element for lease");
    const offset = positive(target, 'offset');
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

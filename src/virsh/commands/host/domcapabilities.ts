// domcapabilities and hypervisor-cpu-models.

import { withContext } from '../../../errors.ts';
import { defineCommand, defineReading } from '../../command.ts';
import { printXml, XPATH_DESCRIPTION, XPATH_OPTIONS } from '../print-xml.ts';

const VIRTTYPE = { name: 'virttype', type: 'string', completes: ['lxc'], help: 'type of the domain: lxc' } as const;
const ARCH = { name: 'arch', type: 'string', help: 'architecture of its programs' } as const;
const MACHINE = { name: 'machine', type: 'string', help: 'taken for compatibility: containers have no machine type' } as const;

export const domcapabilities = defineCommand({
  name: 'domcapabilities',
  group: 'host',
  store: false,
  summary: 'what a container can have, as XML',
  description: `Prints the XML document that tells which elements and devices mean something for a container. ${XPATH_DESCRIPTION}`,
  options: [
    VIRTTYPE,
    { name: 'emulatorbin', type: 'string', completes: 'file', help: 'path of libvirt_lxc' },
    ARCH,
    MACHINE,
    ...XPATH_OPTIONS,
    { name: 'disable-deprecated-features', type: 'bool', help: 'taken for compatibility, without effect' },
  ],
  async run(context, args) {
    const { virttype, emulatorbin: emulator, arch, machine } = args;
    const { domainCapabilitiesXml } = await import('../../../driver/node/domain-capabilities.ts');
    const xml = await withContext('failed to get emulator capabilities', () =>
      domainCapabilitiesXml(context.connection, { virttype, emulator, arch, machine }),
    );
    return await printXml(context, args.xpath === undefined ? `${xml}\n` : xml, args);
  },
});

export const hypervisorCpuModels = defineReading({
  name: 'hypervisor-cpu-models',
  group: 'host',
  store: false,
  summary: 'processor models that a container can be given: none',
  description: "Prints nothing: a container has the host's processors as they are.",
  options: [
    VIRTTYPE,
    { name: 'emulator', type: 'string', completes: 'file', help: 'path of libvirt_lxc' },
    ARCH,
    MACHINE,
    { name: 'all', type: 'bool', help: 'also models that cannot be used' },
  ],
  async read(context, args) {
    const { virttype, emulator, arch, machine } = args;
    const { domainCapabilitiesXml } = await import('../../../driver/node/domain-capabilities.ts');
    await withContext('failed to get hypervisor CPU model names', () =>
      domainCapabilitiesXml(context.connection, { virttype, emulator, arch, machine }),
    );
    return [];
  },
  text: (models: readonly string[]) => models.map((model) => `${model}\n`).join(''),
  json: (models) => models,
});

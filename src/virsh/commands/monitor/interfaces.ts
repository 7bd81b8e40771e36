// One network interface of a domain, or their addresses.

import type { AddressSource, InterfaceAddresses, InterfaceTraffic } from '../../../driver/domain/interfaces.ts';
import { withContext } from '../../../errors.ts';
import { activeDomainOption, defineReading, domainOption, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const INTERFACE = {
  name: 'interface',
  type: 'string',
  required: true,
  completes: 'interface',
  help: 'MAC address, or device on the host',
} as const;

export const domifGetlink = defineReading({
  name: 'domif-getlink',
  group: 'monitor',
  summary: 'whether the cable of a network interface is plugged in',
  description: 'Prints the link state of an interface, named by its MAC address or its device on the host.',
  options: [
    domainOption(),
    INTERFACE,
    { name: 'config', type: 'bool', aliases: ['persistent'], help: 'of the stored definition, even while the domain runs' },
  ],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { interfaceLinkState } = await import('../../named-devices.ts');
    return await interfaceLinkState(context.connection, domain, { inactive: args.config }, args.interface);
  },
  text: (state, args) => `${args.interface} ${state}`,
  json: (state, args) => ({ interface: args.interface, link: state }),
});

export const domifstat = defineReading({
  name: 'domifstat',
  group: 'monitor',
  summary: 'traffic of a network interface',
  description:
    'Prints what a running container received (rx) and sent (tx) through an interface, named by its MAC address or its ' +
    'device on the host: bytes, packets, errors and dropped packets.',
  options: [activeDomainOption(), INTERFACE],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { interface: name } = args;
    const { interfaceTraffic } = await import('../../../driver/domain/interfaces.ts');
    return await withContext(`Failed to get interface stats ${args.domain} ${name}`, () =>
      interfaceTraffic(context.connection, domain, name),
    );
  },
  text: (traffic, { interface: name }) =>
    trafficRows(traffic)
      .map(([counter, value]) => `${name} ${counter} ${value}\n`)
      .join(''),
  json: (traffic, { interface: name }) => ({ interface: name, ...Object.fromEntries(trafficRows(traffic)) }),
});

const trafficRows = ({ received, sent }: InterfaceTraffic): [counter: string, value: bigint][] =>
  [['rx', received] as const, ['tx', sent] as const].flatMap(([prefix, { bytes, packets, errors, dropped }]) => [
    [`${prefix}_bytes`, bytes],
    [`${prefix}_packets`, packets],
    [`${prefix}_errs`, errors],
    [`${prefix}_drop`, dropped],
  ]);

const SOURCES: readonly AddressSource[] = ['lease', 'agent', 'arp'];

export const domifaddr = defineReading({
  name: 'domifaddr',
  group: 'monitor',
  summary: 'addresses of the network interfaces of a domain',
  description:
    'Lists the IP addresses of a running domain: those that the DHCP server of its network leased (lease, the default), or ' +
    'those that the host has lately spoken to (arp).',
  options: [
    activeDomainOption(),
    { name: 'interface', type: 'string', completes: 'interface-device', help: 'only this device on the host' },
    { name: 'full', type: 'bool', help: 'name and MAC address in every line' },
    { name: 'source', type: 'string', completes: SOURCES, help: 'lease, agent or arp' },
  ],
  async read(context, args) {
    const wanted = args.interface;
    const text = args.source ?? 'lease';
    const source = SOURCES.find((known) => known === text);
    if (source === undefined) throw failure(`Unknown data source '${text}'`);
    const domain = await findDomain(context, args);
    const { interfaceAddresses } = await import('../../../driver/domain/interfaces.ts');
    const interfaces = await withContext('Failed to query for interfaces addresses', () =>
      interfaceAddresses(context.connection, domain, source),
    );
    return interfaces.filter(({ name }) => wanted === undefined || name === wanted);
  },
  text(interfaces, { full }, { settings }) {
    const header = ` ${'Name'.padEnd(10)} ${'MAC address'.padEnd(20)} ${'Protocol'.padEnd(8)}     Address\n${'-'.repeat(79)}\n`;
    return `${settings.quiet ? '' : header}${interfaces.map((device) => addressLines(device, full)).join('')}`;
  },
  json: (interfaces) =>
    interfaces.map(({ name, mac, addresses }) => ({
      interface: name === '-' ? null : name,
      mac,
      addresses: addresses.map(({ family, address, prefix }) => ({ family, address, prefix })),
    })),
});

function addressLines({ name, mac, addresses }: InterfaceAddresses, full: boolean): string {
  const line = (first: string, second: string, family: string, address: string) =>
    ` ${first.padEnd(10)} ${second.padEnd(17)}    ${family.padEnd(12)} ${address}\n`;
  if (addresses.length === 0) return line(name, mac, 'N/A', 'N/A');
  return addresses
    .map(({ family, address, prefix }, i) => {
      const [first, second] = full || i === 0 ? [name, mac] : ['-', '-'];
      return line(first, second, family, `${address}/${prefix}`);
    })
    .join('');
}

// attach-interface, detach-interface, domif-setlink, domiftune: network interfaces by the words of a command line.

import { LibvirtError, libvirtError, withContext } from '../../../errors.ts';
import { CURRENT_EXCLUDES, configLiveCurrent, defineCommand, defineReading, domainOption, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { PERSISTENT_EXCLUDES, persistentConfigLiveCurrent } from './device-options.ts';

export const attachInterface = defineCommand({
  name: 'attach-interface',
  group: 'domain',
  summary: 'add a network interface',
  description:
    'Adds an interface to a domain: TYPE is network (a virtual network), bridge (a bridge of the host), direct (a device of ' +
    'the host) or hostdev (a PCI device, which containers cannot have); SOURCE is its name. Bandwidths are ' +
    'AVERAGE[,PEAK[,BURST[,FLOOR]]] in kilobytes per second.',
  options: [
    domainOption(),
    {
      name: 'type',
      type: 'string',
      required: true,
      completes: ['bridge', 'direct', 'hostdev', 'network'],
      help: 'network, bridge, direct or hostdev',
    },
    { name: 'source', type: 'string', required: true, completes: 'interface-source', help: 'network, bridge or device' },
    { name: 'target', type: 'string', help: 'name of the device on the host' },
    { name: 'mac', type: 'string', help: 'MAC address' },
    { name: 'script', type: 'string', completes: 'file', help: 'script that connects the interface' },
    { name: 'model', type: 'string', help: 'model of the device' },
    { name: 'alias', type: 'string', help: 'alias of the device' },
    { name: 'inbound', type: 'string', help: 'bandwidth of what it receives' },
    { name: 'outbound', type: 'string', help: 'bandwidth of what it sends' },
    ...persistentConfigLiveCurrent(),
    { name: 'print-xml', type: 'bool', help: 'print the XML of the interface instead' },
    { name: 'managed', type: 'bool', help: 'a PCI device is taken from the host and given back' },
    { name: 'source-mode', type: 'string', help: 'refused, as by libvirt' },
  ],
  rules: PERSISTENT_EXCLUDES,
  async run(context, args) {
    const { interfaceDocument } = await import('../../device-document.ts');
    const { type, source, target, mac, script, model, alias, inbound, outbound, managed, 'source-mode': sourceMode } = args;
    const xml = interfaceDocument({ type, source, target, mac, script, model, alias, inbound, outbound, managed, sourceMode });
    if (args['print-xml']) {
      context.print(xml);
      return;
    }
    const domain = await findDomain(context, args);
    await withContext('Failed to attach interface', async () => {
      const driver = await import('../../../driver/domain/devices.ts');
      await driver.attachDevice(context.connection, domain, xml, args);
    });
    context.extra('Interface attached successfully\n');
  },
});

export const detachInterface = defineCommand({
  name: 'detach-interface',
  group: 'domain',
  summary: 'remove a network interface',
  description: 'Removes the interface of this type from a domain; where there are several, MAC says which.',
  options: [
    domainOption(),
    { name: 'type', type: 'string', required: true, completes: ['bridge', 'direct', 'ethernet', 'network'], help: 'type of the interface' },
    { name: 'mac', type: 'string', completes: 'interface-mac', help: 'its MAC address' },
    ...persistentConfigLiveCurrent(),
    { name: 'print-xml', type: 'bool', help: 'print the XML of the interface instead' },
  ],
  rules: PERSISTENT_EXCLUDES,
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { interfaceElement } = await import('../../named-devices.ts');
    const { detachDevice, namedDefinitions } = await import('../../../driver/domain/devices.ts');
    const { connection } = context;
    const { live, config } = namedDefinitions(connection, domain, args);
    try {
      const wanted = { type: args.type, mac: args.mac };
      if (args['print-xml']) {
        context.print(await interfaceElement(connection, domain, { inactive: config }, wanted));
        return;
      }
      // The two definitions may differ, so each is asked for its own interface.
      if (config) {
        const xml = await interfaceElement(connection, domain, { inactive: true }, wanted);
        await detachDevice(connection, domain, xml, { config: true });
      }
      if (live || !config) {
        const xml = await interfaceElement(connection, domain, { inactive: false }, wanted);
        await detachDevice(connection, domain, xml, config ? { live: true } : { live: args.live, current: args.current });
      }
    } catch (error) {
      if (!(error instanceof LibvirtError)) throw error;
      // What virsh finds out itself comes first here, and the library's reason last.
      if (error.code !== 'PLAIN')
        throw new LibvirtError(error.code, error.message, { context: 'Failed to detach interface', cause: error });
      if (args['print-xml'] && !config) throw error;
      context.error(error.message);
      throw failure('Failed to detach interface', error);
    }
    context.extra('Interface detached successfully\n');
  },
});

export const domifSetlink = defineCommand({
  name: 'domif-setlink',
  group: 'domain',
  summary: 'plug or pull the cable of a network interface',
  description:
    'Sets the link state of an interface, named by its MAC address or its device on the host. While the domain runs it has to ' +
    'be said whether the running domain is meant, its stored definition, or both.',
  options: [
    domainOption(),
    { name: 'interface', type: 'string', required: true, completes: 'interface', help: 'MAC address, or device on the host' },
    { name: 'state', type: 'string', required: true, completes: ['up', 'down'], help: 'up or down' },
    { name: 'config', type: 'bool', aliases: ['persistent'], help: 'affect the stored definition, used from the next start on' },
    { name: 'print-xml', type: 'bool', help: 'print the XML of the interface instead' },
    { name: 'live', type: 'bool', help: 'affect the running domain' },
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { state, interface: name } = args;
    if (state !== 'up' && state !== 'down') throw failure(`invalid link state '${state}'`);
    const { isActive } = await import('../../../driver/domain/lookup.ts');
    const isRunning = isActive(context.connection, domain);
    const inactive = !isRunning || (args.config && !args.live);
    const { interfaceElementWithLink } = await import('../../named-devices.ts');
    const xml = await interfaceElementWithLink(context.connection, domain, { inactive }, name, state);
    if (args['print-xml']) {
      context.print(xml);
      return;
    }
    await withContext('Failed to update interface link state', async () => {
      // The form without options is libvirt's own, which its driver refuses for a running container.
      if (!inactive && !args.live) throw libvirtError('OPERATION_UNSUPPORTED', 'Unable to modify live devices');
      const { setInterfaceLinkState } = await import('../../../driver/domain/interface-tuning.ts');
      setInterfaceLinkState(context.connection, domain, name, state, args);
    });
    context.extra('Device updated successfully\n');
  },
});

export const domiftune = defineReading({
  name: 'domiftune',
  group: 'domain',
  summary: 'bandwidth of a network interface',
  description:
    'Prints the rates of an interface, named by its MAC address or its device on the host, or changes those that are given: ' +
    'INBOUND is what the container receives, as AVERAGE[,PEAK[,BURST[,FLOOR]]] in kilobytes per second (BURST in kilobytes), ' +
    'OUTBOUND what it sends. An average of 0 takes the limits of a direction away.',
  options: [
    domainOption(),
    { name: 'interface', type: 'string', required: true, completes: 'interface', help: 'MAC address, or device on the host' },
    { name: 'inbound', type: 'string', help: 'rates of what it receives' },
    { name: 'outbound', type: 'string', help: 'rates of what it sends' },
    ...configLiveCurrent(),
  ],
  rules: CURRENT_EXCLUDES,
  changedBy: ['inbound', 'outbound'],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { interface: name, inbound, outbound } = args;
    const { interfaceTuning, setInterfaceTuning } = await import('../../../driver/domain/interface-tuning.ts');
    const { parseBandwidthRate } = await import('../../device-document.ts');
    if (inbound !== undefined || outbound !== undefined) {
      const change = {
        ...(inbound !== undefined && { inbound: parseBandwidthRate(inbound, 'inbound') }),
        ...(outbound !== undefined && { outbound: parseBandwidthRate(outbound, 'outbound') }),
      };
      await withContext('Unable to set interface parameters', () => setInterfaceTuning(context.connection, domain, name, change, args));
      return undefined;
    }
    return await withContext('Unable to get number of interface parameters', () => {
      // As domif-setlink: without options libvirt's driver refuses.
      if (!args.live && !args.config && !args.current) throw libvirtError('NO_SUPPORT', 'virDomainGetInterfaceParameters');
      return interfaceTuning(context.connection, domain, name, args);
    });
  },
  text: (parameters) => parameters.map(([parameter, value]) => `${parameter.padEnd(15)}: ${value}\n`).join(''),
  json(parameters, args) {
    const values = new Map(parameters);
    // A kilobyte of a rate has 1000 bytes, one of a burst 1024 (tc(8)).
    const bytes = (parameter: string, unit: number) => (values.get(parameter) ?? 0) * unit || null;
    const rates = (direction: string) => ({
      average_bytes_per_second: bytes(`${direction}.average`, 1000),
      peak_bytes_per_second: bytes(`${direction}.peak`, 1000),
      burst_bytes: bytes(`${direction}.burst`, 1024),
    });
    return {
      interface: args.interface,
      inbound: { ...rates('inbound'), floor_bytes_per_second: bytes('inbound.floor', 1000) },
      outbound: rates('outbound'),
    };
  },
});

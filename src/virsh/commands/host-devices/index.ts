// nodedev-* and iface-*: what of the host can be looked at. Made when it is asked for, as most runs of the program never do.

import type { NodeDeviceEvent } from '../../../driver/node/device-events.ts';
import type { NodeDevice } from '../../../driver/node/devices.ts';
import type { HostInterface } from '../../../driver/node/interfaces.ts';
import { inContext, LibvirtError } from '../../../errors.ts';
import { formatTable } from '../../../vsh/table.ts';
import {
  type CommandContext,
  type CommandDefinition,
  defineCommand,
  defineFollowing,
  defineReading,
  failure,
  type GroupDefinition,
} from '../../command.ts';
import { eventLine } from '../event-loop.ts';
import { EVENT_RULES, eventOptions, followObjects } from '../object-events.ts';
import { printXml, XPATH_OPTIONS } from '../print-xml.ts';

const devices = () => import('../../../driver/node/devices.ts');
const interfaces = () => import('../../../driver/node/interfaces.ts');

export const hostDeviceGroups = (): GroupDefinition[] => [
  { name: 'Interface', keyword: 'interface', commands: interfaceCommands() },
  { name: 'Node Device', keyword: 'nodedev', commands: nodeDeviceCommands() },
];

const DEVICE = { name: 'device', type: 'string', required: true, help: 'its name, as nodedev-list has it' } as const;
const INTERFACE = { name: 'interface', type: 'string', required: true, help: 'its name, or MAC address' } as const;

/** Nobody tells of the second. */
const EVENT_NAMES = ['lifecycle', 'update'];

/** What virsh takes for a kind of device. */
const KINDS = [
  ...['system', 'pci', 'usb_device', 'usb', 'net', 'scsi_host', 'scsi_target', 'scsi', 'storage', 'fc_host', 'vports', 'scsi_generic'],
  ...['drm', 'mdev_types', 'mdev', 'ccw', 'css', 'vdpa', 'ap_card', 'ap_queue', 'ap_matrix', 'vpd'],
];

async function findDevice(context: CommandContext, name: string): Promise<NodeDevice> {
  const { lookupNodeDevice } = await devices();
  return inTwoLines(`Could not find matching device '${name}'`, () => lookupNodeDevice(context.connection, name));
}

/** A miss is told in two lines, or in virsh's one where only an address would do. */
async function findInterface(context: CommandContext, text: string, by: 'any' | 'mac' | 'name' = 'any'): Promise<HostInterface> {
  const { lookupInterface, lookupInterfaceByMac } = await interfaces();
  const isMac = by !== 'name' && /^([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i.test(text);
  if (by === 'mac' && !isMac) throw failure(`failed to get interface '${text}'`);
  return inTwoLines(`failed to get interface '${text}'`, () =>
    isMac ? lookupInterfaceByMac(context.connection, text) : lookupInterface(context.connection, text),
  );
}

function inTwoLines<T>(problem: string, find: () => T): T {
  try {
    return find();
  } catch (error) {
    throw error instanceof LibvirtError ? inContext(problem, error) : error;
  }
}

const deviceFacts = ({ name, kind, parent, path }: NodeDevice) => ({ name, kind, parent, path });

const nodeDeviceCommands = (): CommandDefinition[] => [
  defineCommand({
    name: 'nodedev-dumpxml',
    group: 'nodedev',
    store: false,
    summary: 'the XML of a device of the host',
    description: 'Prints what the kernel tells of a device. --xpath prints only the parts that the expression selects.',
    options: [DEVICE, ...XPATH_OPTIONS],
    async run(context, args) {
      const device = await findDevice(context, args.device);
      return printXml(context, (await devices()).nodeDeviceXml(device), args);
    },
  }),
  defineFollowing({
    name: 'nodedev-event',
    group: 'nodedev',
    store: false,
    summary: 'what happens to devices of the host, as it happens',
    description:
      'Waits for a device to come or go, or for one of this name, prints it and ends; with --loop goes on until interrupted or until ' +
      '--timeout. The exit status tells whether anything happened.',
    options: [{ ...DEVICE, required: false, help: 'only about this device' }, ...eventOptions(EVENT_NAMES)],
    rules: EVENT_RULES,
    follow: (context, args, tell: (happened: NodeDeviceEvent) => void) =>
      followObjects<NodeDeviceEvent>(context, args, {
        kinds: EVENT_NAMES,
        only: async () => (args.device === undefined ? undefined : (await findDevice(context, args.device)).name),
        source: async (stop) => (await import('../../../driver/node/device-events.ts')).followNodeDeviceEvents(context.connection, stop),
        tell,
      }),
    text: ({ time, event, device, kind }, args) => eventLine(time, `event '${event}' for node device ${device}: ${kind}`, args),
    json: ({ time, event, device, kind }) => ({ time: new Date(time).toISOString(), event, device, kind }),
  }),
  defineReading({
    name: 'nodedev-info',
    group: 'nodedev',
    store: false,
    summary: 'a few facts about a device of the host',
    description: 'Prints name and parent of a device. All are active, and none is defined or started by anybody.',
    options: [DEVICE],
    read: (context, args) => findDevice(context, args.device),
    text({ name, parent, kind }) {
      const isOurs = kind === 'system' ? 'yes' : 'no';
      const rows = [
        ['Name:', name],
        ['Parent:', parent ?? ''],
        ['Active:', 'yes'],
        ['Persistent:', isOurs],
        ['Autostart:', isOurs],
      ];
      return rows.map(([label, value]) => `${label!.padEnd(15)} ${value}\n`).join('');
    },
    json: deviceFacts,
  }),
  defineReading({
    name: 'nodedev-list',
    group: 'nodedev',
    store: false,
    summary: 'the devices of the host',
    description: 'Lists devices of PCI, disks and network interfaces of the host by name, or as a tree.',
    options: [
      { name: 'tree', type: 'bool', help: 'below what they are part of' },
      { name: 'cap', type: 'string', joined: true, completes: KINDS, help: 'only of these kinds, joined by commas' },
      { name: 'inactive', type: 'bool', help: 'those that are not active: none' },
      { name: 'all', type: 'bool', help: 'those that are active and those that are not' },
    ],
    async read(context, args) {
      const kinds = args.cap?.split(',');
      if (kinds?.some((kind) => !KINDS.includes(kind))) throw failure('Invalid capability type');
      if (args.tree && (kinds || args.inactive)) throw failure('Option --tree is incompatible with --cap and --inactive');
      const { listNodeDevices } = await devices();
      const found = listNodeDevices(context.connection).filter(({ kind }) => kinds?.includes(kind) ?? true);
      return args.inactive && !args.all ? [] : found;
    },
    text(found, args) {
      if (!args.tree) return found.map(({ name }) => `${name}\n`).join('');
      return found
        .filter(({ parent }) => parent === undefined)
        .map(({ name }) => treeOf(name, found))
        .join('');
    },
    json: (found) => found.map(deviceFacts),
  }),
];

/** As virsh draws trees. */
function treeOf(name: string, all: readonly NodeDevice[], indent = '', place: 'root' | 'last' | 'other' = 'root'): string {
  const children = all.filter(({ parent }) => parent === name);
  const deeper = `${indent}${place === 'root' ? '' : place === 'last' ? '  ' : '| '}`;
  const line = `${indent}${place === 'root' ? '' : '+- '}${name}\n`;
  if (children.length === 0) return place === 'last' ? `${line}${deeper}\n` : line;
  const below = children.map((child, i) => treeOf(child.name, all, `${deeper}  `, i === children.length - 1 ? 'last' : 'other'));
  return `${line}${deeper}  |\n${below.join('')}`;
}

const interfaceCommands = (): CommandDefinition[] => [
  defineCommand({
    name: 'iface-dumpxml',
    group: 'interface',
    store: false,
    summary: 'the XML of a network interface of the host',
    description: 'Prints what the kernel tells of an interface. --xpath prints only the parts that the expression selects.',
    options: [INTERFACE, { name: 'inactive', type: 'bool', help: 'accepted: there is one answer' }, ...XPATH_OPTIONS],
    async run(context, args) {
      const found = await findInterface(context, args.interface);
      return printXml(context, (await interfaces()).interfaceXml(found), args);
    },
  }),
  defineReading({
    name: 'iface-list',
    group: 'interface',
    store: false,
    summary: 'the network interfaces of the host',
    description: 'Lists interfaces that are up; with --inactive those that are not, with --all both.',
    options: [
      { name: 'inactive', type: 'bool', help: 'interfaces that are not up' },
      { name: 'all', type: 'bool', help: 'interfaces that are up and interfaces that are not' },
    ],
    async read(context, args) {
      const { listInterfaces } = await interfaces();
      return listInterfaces(context.connection).filter(({ active }) => args.all || active !== args.inactive);
    },
    text(found, _args, { settings }) {
      const rows = found.map(({ name, active, mac }) => [name, active ? 'active' : 'inactive', mac]);
      return formatTable(settings.quiet ? undefined : ['Name', 'State', 'MAC Address'], rows);
    },
    json: (found) => found.map(({ name, active, mac }) => ({ name, active, mac })),
  }),
  defineReading({
    name: 'iface-mac',
    group: 'interface',
    store: false,
    summary: 'the MAC address of a network interface of the host',
    description: 'Prints the MAC address of the interface that has this name.',
    options: [{ ...INTERFACE, help: 'its name' }],
    read: (context, args) => findInterface(context, args.interface, 'name'),
    text: ({ mac }) => `${mac}\n`,
    json: ({ mac }) => ({ mac }),
  }),
  defineReading({
    name: 'iface-name',
    group: 'interface',
    store: false,
    summary: 'the name of a network interface of the host',
    description: 'Prints the name of the interface that has this MAC address.',
    options: [{ ...INTERFACE, help: 'its MAC address' }],
    read: (context, args) => findInterface(context, args.interface, 'mac'),
    text: ({ name }) => `${name}\n`,
    json: ({ name }) => ({ name }),
  }),
];

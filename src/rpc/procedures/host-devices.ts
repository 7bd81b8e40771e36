// Devices and network interfaces of the host.

import type { NodeDevice, NodeDeviceKind } from '../../driver/node/devices.ts';
import { onlyFlags } from '../flags.ts';
import { call, callsOf, type Procedure } from '../procedure.ts';
import { array, flag, int, nothing, optional, string, struct, uint } from '../xdr.ts';

const devices = () => import('../../driver/node/devices.ts');
const interfaces = () => import('../../driver/node/interfaces.ts');

const LIST_MAX = 16384;

/** virConnectListAllNodeDeviceFlags; those of other kinds list none. */
const KIND_BITS: Readonly<Record<NodeDeviceKind, number>> = { system: 1, pci: 1 << 1, net: 1 << 4, storage: 1 << 8 };
const ALL_KINDS = 0x1fffff;
const [INACTIVE, ACTIVE] = [1 << 30, (1 << 31) >>> 0];
const PERSISTENT_OR_NOT = (1 << 28) | (1 << 29);

const isOfKinds = ({ kind }: NodeDevice, flags: number): boolean => !(flags & ALL_KINDS) || (flags & KIND_BITS[kind]) !== 0;

/** `any`: of none in particular. */
const isOf = (one: NodeDevice, kind: string | undefined): boolean => kind === undefined || one.kind === kind;

export const device = struct({ name: string });
const ofDevice = struct({ device });
const counted = struct({ count: int });
const listed = struct({ names: array(string, LIST_MAX) });

export const nodeDeviceProcedures: Readonly<Record<number, Procedure>> = callsOf('nodedev', {
  111: call(struct({ kind: optional(string), flags: uint }), counted, async (connection, { kind }) => ({
    count: (await devices()).listNodeDevices(connection).filter((one) => isOf(one, kind)).length,
  })),
  112: call(struct({ kind: optional(string), most: int, flags: uint }), listed, async (connection, { kind, most }) => {
    const all = (await devices()).listNodeDevices(connection).filter((one) => isOf(one, kind));
    return { names: all.map(({ name }) => name).slice(0, Math.max(0, most)) };
  }),
  285: call(
    struct({ wanted: int, flags: uint }),
    struct({ devices: array(device, LIST_MAX), count: uint }),
    async (connection, { wanted, flags }) => {
      onlyFlags(flags, ALL_KINDS | INACTIVE | ACTIVE | PERSISTENT_OR_NOT, 'nodeConnectListAllNodeDevices');
      const none = (flags & INACTIVE) !== 0 && (flags & ACTIVE) === 0;
      const passed = none ? [] : (await devices()).listNodeDevices(connection).filter((one) => isOfKinds(one, flags));
      return { devices: wanted ? passed.map(({ name }) => ({ name })) : [], count: passed.length };
    },
  ),
  113: call(struct({ name: string }), ofDevice, async (connection, { name }) => {
    const found = (await devices()).lookupNodeDevice(connection, name);
    return { device: { name: found.name } };
  }),
  114: call(struct({ name: string, flags: uint }), struct({ xml: string }), async (connection, { name, flags }) => {
    onlyFlags(flags, 0, 'nodeDeviceGetXMLDesc');
    const { lookupNodeDevice, nodeDeviceXml } = await devices();
    return { xml: nodeDeviceXml(lookupNodeDevice(connection, name)) };
  }),
  115: call(struct({ name: string }), struct({ parent: optional(string) }), async (connection, { name }) => ({
    parent: (await devices()).lookupNodeDevice(connection, name).parent,
  })),
  116: call(struct({ name: string }), counted, async (connection, { name }) => {
    (await devices()).lookupNodeDevice(connection, name);
    return { count: 1 };
  }),
  117: call(struct({ name: string, most: int }), listed, async (connection, { name, most }) => {
    const { kind } = (await devices()).lookupNodeDevice(connection, name);
    return { names: most > 0 ? [kind] : [] };
  }),
  433: call(struct({ name: string }), struct({ autostart: flag }), async (connection, { name }) => ({
    autostart: (await devices()).lookupNodeDevice(connection, name).kind === 'system',
  })),
  435: call(struct({ name: string }), struct({ persistent: flag }), async (connection, { name }) => ({
    persistent: (await devices()).lookupNodeDevice(connection, name).kind === 'system',
  })),
  436: call(struct({ name: string }), struct({ active: flag }), async (connection, { name }) => {
    (await devices()).lookupNodeDevice(connection, name);
    return { active: true };
  }),
});

const networkInterface = struct({ name: string, mac: string });
const ofInterface = struct({ interface: networkInterface });

const numberOf = (active: boolean): Procedure =>
  call(nothing, counted, async (connection) => ({
    count: (await interfaces()).listInterfaces(connection).filter((one) => one.active === active).length,
  }));
const namesOf = (active: boolean): Procedure =>
  call(struct({ most: int }), listed, async (connection, { most }) => {
    const all = (await interfaces()).listInterfaces(connection).filter((one) => one.active === active);
    return { names: all.map(({ name }) => name).slice(0, Math.max(0, most)) };
  });

export const interfaceProcedures: Readonly<Record<number, Procedure>> = callsOf('interface', {
  126: numberOf(true),
  127: namesOf(true),
  137: numberOf(false),
  138: namesOf(false),
  284: call(
    struct({ wanted: int, flags: uint }),
    struct({ interfaces: array(networkInterface, LIST_MAX), count: uint }),
    async (connection, { wanted, flags }) => {
      onlyFlags(flags, 3, 'interfaceConnectListAllInterfaces');
      const all = (await interfaces()).listInterfaces(connection);
      const passed = flags === 0 || flags === 3 ? all : all.filter(({ active }) => active === (flags === 2));
      return { interfaces: wanted ? passed.map(({ name, mac }) => ({ name, mac })) : [], count: passed.length };
    },
  ),
  128: call(struct({ name: string }), ofInterface, async (connection, { name: asked }) => {
    const { name, mac } = (await interfaces()).lookupInterface(connection, asked);
    return { interface: { name, mac } };
  }),
  129: call(struct({ mac: string }), ofInterface, async (connection, { mac: asked }) => {
    const { name, mac } = (await interfaces()).lookupInterfaceByMac(connection, asked);
    return { interface: { name, mac } };
  }),
  130: call(
    struct({ interface: networkInterface, flags: uint }),
    struct({ xml: string }),
    async (connection, { interface: asked, flags }) => {
      onlyFlags(flags, 1, 'interfaceGetXMLDesc');
      const { interfaceXml, lookupInterface } = await interfaces();
      return { xml: interfaceXml(lookupInterface(connection, asked.name)) };
    },
  ),
  156: call(ofInterface, struct({ active: flag }), async (connection, { interface: asked }) => ({
    active: (await interfaces()).lookupInterface(connection, asked.name).active,
  })),
});

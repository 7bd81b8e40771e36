// Virtual networks, their leases and ports.

import type { Connection } from '../../driver/connection.ts';
import { findNetworkByUuid, type NetworkRef, type NetworkSummary, networkInfo } from '../../driver/network/lookup.ts';
import { libvirtError } from '../../errors.ts';
import { affectOf, onlyFlags, STRINGS_OKAY } from '../flags.ts';
import { inRoom, uintParameter } from '../parameters.ts';
import { call, callsOf, type Procedure } from '../procedure.ts';
import { NETWORK_LIST_MAX, names, network, networkPort, parameters, uuid, type WireNetwork } from '../types.ts';
import { array, flag, hyper, int, nothing, optional, string, struct, uint } from '../xdr.ts';
import { bandwidthIn } from './bandwidth.ts';

const networks = () => import('../../driver/network/networks.ts');
const define = () => import('../../driver/network/define.ts');
const start = () => import('../../driver/network/start.ts');
const ports = () => import('../../driver/network/ports.ts');

/** virConnectListAllNetworksFlags: each pair is a choice. */
type Test = (one: NetworkSummary) => boolean;
const FILTERS: readonly (readonly [yes: number, no: number, test: Test])[] = [
  [2, 1, ({ active }) => active],
  [4, 8, ({ persistent }) => persistent],
  [16, 32, ({ autostart }) => autostart],
];
const ALL_FILTERS = 63;

const passes = (one: NetworkSummary, flags: number): boolean =>
  FILTERS.every(([yes, no, test]) => !(flags & yes) === !(flags & no) || test(one) === ((flags & yes) !== 0));

const wire = ({ name, uuid: id }: NetworkRef): WireNetwork => ({ name, uuid: id });

/** By its uuid. Throws NO_NETWORK. */
function networkOf({ name, uuid: id }: WireNetwork): NetworkSummary {
  const found = findNetworkByUuid(id);
  if (!found) throw libvirtError('NO_NETWORK', `no network with matching uuid '${id}' (${name})`);
  return found;
}

async function listed(connection: Connection, active: boolean): Promise<NetworkSummary[]> {
  const { listNetworks } = await networks();
  return (await listNetworks(connection)).filter((one) => one.active === active);
}

const VALIDATE = 1;
const INACTIVE_XML = 1;
const RECLAIM_PORT = 1;
const VALIDATE_PORT = 2;
const PORT_PARAMETERS = 16;

/** virNetworkUpdateCommand; its sections are in the order of UPDATE_SECTIONS, from 1. */
const UPDATE_COMMANDS = [undefined, 'modify', 'delete', 'add-last', 'add-first'] as const;

const FAMILIES = ['ipv4', 'ipv6'] as const;

const ofNetwork = struct({ network });
const lease = struct({
  interface: string,
  expiry: hyper,
  type: int,
  mac: optional(string),
  iaid: optional(string),
  address: string,
  prefix: uint,
  hostname: optional(string),
  clientId: optional(string),
});

async function defineXml(connection: Connection, xml: string, validate: boolean) {
  const { defineNetwork } = await define();
  return { network: wire(await defineNetwork(connection, xml, { validate })) };
}

async function createXml(connection: Connection, xml: string, validate: boolean) {
  const { createNetwork } = await start();
  return { network: wire(await createNetwork(connection, xml, { validate })) };
}

export const networkProcedures: Readonly<Record<number, Procedure>> = callsOf('network', {
  283: call(
    struct({ wanted: int, flags: uint }),
    struct({ networks: array(network, NETWORK_LIST_MAX), count: uint }),
    async (connection, { wanted, flags }) => {
      onlyFlags(flags, ALL_FILTERS, 'networkConnectListAllNetworks');
      const { listNetworks } = await networks();
      const passed = (await listNetworks(connection)).filter((one) => passes(one, flags));
      return { networks: wanted ? passed.map(wire) : [], count: passed.length };
    },
  ),
  52: call(nothing, struct({ count: int }), async (connection) => ({ count: (await listed(connection, true)).length })),
  38: call(struct({ most: int }), struct({ names }), async (connection, { most }) => ({
    names: (await listed(connection, true)).map(({ name }) => name).slice(0, Math.max(0, most)),
  })),
  50: call(nothing, struct({ count: int }), async (connection) => ({ count: (await listed(connection, false)).length })),
  36: call(struct({ most: int }), struct({ names }), async (connection, { most }) => ({
    names: (await listed(connection, false)).map(({ name }) => name).slice(0, Math.max(0, most)),
  })),
  46: call(struct({ name: string }), ofNetwork, async (connection, { name }) => {
    const { lookupNetwork } = await networks();
    return { network: wire(await lookupNetwork(connection, name, ['name'])) };
  }),
  47: call(struct({ uuid }), ofNetwork, async (connection, { uuid: wanted }) => {
    const { lookupNetwork } = await networks();
    return { network: wire(await lookupNetwork(connection, wanted, ['uuid'])) };
  }),
  40: call(struct({ xml: string }), ofNetwork, (connection, { xml }) => createXml(connection, xml, false)),
  437: call(struct({ xml: string, flags: uint }), ofNetwork, (connection, { xml, flags }) => {
    onlyFlags(flags, VALIDATE, 'networkCreateXMLFlags');
    return createXml(connection, xml, (flags & VALIDATE) !== 0);
  }),
  41: call(struct({ xml: string }), ofNetwork, (connection, { xml }) => defineXml(connection, xml, false)),
  432: call(struct({ xml: string, flags: uint }), ofNetwork, (connection, { xml, flags }) => {
    onlyFlags(flags, VALIDATE, 'networkDefineXMLFlags');
    return defineXml(connection, xml, (flags & VALIDATE) !== 0);
  }),
  49: call(ofNetwork, nothing, async (connection, { network: asked }) => {
    const { undefineNetwork } = await define();
    await undefineNetwork(connection, networkOf(asked));
  }),
  39: call(ofNetwork, nothing, async (connection, { network: asked }) => {
    const { startNetwork } = await start();
    await startNetwork(connection, networkOf(asked));
  }),
  42: call(ofNetwork, nothing, async (connection, { network: asked }) => {
    const { destroyNetwork } = await start();
    await destroyNetwork(connection, networkOf(asked));
  }),
  43: call(struct({ network, flags: uint }), struct({ xml: string }), async (connection, { network: asked, flags }) => {
    onlyFlags(flags, INACTIVE_XML, 'networkGetXMLDesc');
    const { networkXml } = await import('../../driver/network/xml.ts');
    return { xml: await networkXml(connection, networkOf(asked), { inactive: (flags & INACTIVE_XML) !== 0 }) };
  }),
  45: call(ofNetwork, struct({ name: string }), (_connection, { network: asked }) => {
    const { name, bridge } = networkOf(asked);
    if (bridge === undefined) throw libvirtError('INTERNAL_ERROR', `network '${name}' does not have a bridge name.`);
    return { name: bridge };
  }),
  44: call(ofNetwork, struct({ autostart: flag }), (connection, { network: asked }) => ({
    autostart: networkInfo(connection, networkOf(asked)).autostart,
  })),
  48: call(struct({ network, autostart: flag }), nothing, async (connection, { network: asked, autostart }) => {
    const { markNetworkAutostart } = await define();
    await markNetworkAutostart(connection, networkOf(asked), autostart);
  }),
  152: call(ofNetwork, struct({ active: flag }), (_connection, { network: asked }) => ({ active: networkOf(asked).active })),
  153: call(ofNetwork, struct({ persistent: flag }), (_connection, { network: asked }) => ({ persistent: networkOf(asked).persistent })),
  291: call(
    struct({ network, command: uint, section: uint, parentIndex: int, xml: string, flags: uint }),
    nothing,
    async (connection, { network: asked, command, section, parentIndex, xml, flags }) => {
      const target = affectOf(flags, 'networkUpdate');
      const { changeNetwork, UPDATE_SECTIONS } = await import('../../driver/network/update.ts');
      const found = networkOf(asked);
      const named = { command: UPDATE_COMMANDS[command], section: UPDATE_SECTIONS[section - 1] };
      if (!named.section) throw libvirtError('OPERATION_UNSUPPORTED', "can't update unrecognized section of network");
      if (!named.command) throw libvirtError('INVALID_ARG', `unrecognized network update command code ${command}`);
      await changeNetwork(connection, found, { command: named.command, section: named.section, parentIndex, xml }, target);
    },
  ),
  341: call(
    struct({ network, mac: optional(string), wanted: int, flags: uint }),
    struct({ leases: array(lease, 65536), count: uint }),
    async (connection, { network: asked, mac, wanted, flags }) => {
      onlyFlags(flags, 0, 'networkGetDHCPLeases');
      const { networkLeases } = await import('../../driver/network/leases.ts');
      const found = networkOf(asked);
      const leases = networkLeases(connection, found, mac);
      const told = leases.map(({ expiryS, family, mac: leased, iaid, address, prefix, hostname, clientId }) => ({
        ...{ interface: found.bridge ?? '', expiry: BigInt(expiryS), type: FAMILIES.indexOf(family), mac: leased },
        ...{ iaid, address, prefix, hostname, clientId },
      }));
      return { leases: wanted ? told : [], count: told.length };
    },
  ),
  404: call(
    struct({ network, wanted: int, flags: uint }),
    struct({ ports: array(networkPort, NETWORK_LIST_MAX), count: uint }),
    async (connection, { network: asked, wanted, flags }) => {
      onlyFlags(flags, 0, 'networkListAllPorts');
      const { listPorts } = await ports();
      const found = networkOf(asked);
      const all = listPorts(connection, found).map((id) => ({ network: wire(found), uuid: id }));
      return { ports: wanted ? all : [], count: all.length };
    },
  ),
  405: call(struct({ network, uuid }), struct({ port: networkPort }), async (connection, { network: asked, uuid: wanted }) => {
    const { portXml } = await ports();
    const found = networkOf(asked);
    await portXml(connection, found, wanted);
    return { port: { network: wire(found), uuid: wanted } };
  }),
  406: call(
    struct({ network, xml: string, flags: uint }),
    struct({ port: networkPort }),
    async (connection, { network: asked, xml, flags }) => {
      onlyFlags(flags, RECLAIM_PORT | VALIDATE_PORT, 'networkPortCreateXML');
      if (flags & RECLAIM_PORT) throw libvirtError('NO_SUPPORT', 'virNetworkPortCreateXML');
      const { createPort } = await ports();
      const found = networkOf(asked);
      const { uuid: made } = createPort(connection, found, xml);
      return { port: { network: wire(found), uuid: made } };
    },
  ),
  407: call(
    struct({ port: networkPort, room: int, flags: uint }),
    struct({ parameters: parameters(PORT_PARAMETERS), count: int }),
    async (connection, { port, room, flags }) => {
      onlyFlags(flags, STRINGS_OKAY, 'networkPortGetParameters');
      const { portRates } = await ports();
      return inRoom(
        portRates(connection, networkOf(port.network), port.uuid).map(([name, value]) => uintParameter(name, value)),
        room,
      );
    },
  ),
  408: call(
    struct({ port: networkPort, parameters: parameters(PORT_PARAMETERS), flags: uint }),
    nothing,
    async (connection, { port, parameters: given, flags }) => {
      onlyFlags(flags, 0, 'networkPortSetParameters');
      const { setPortRates } = await ports();
      setPortRates(connection, networkOf(port.network), port.uuid, bandwidthIn(given));
    },
  ),
  409: call(struct({ port: networkPort, flags: uint }), struct({ xml: string }), async (connection, { port, flags }) => {
    onlyFlags(flags, 0, 'networkPortGetXMLDesc');
    const { portXml } = await ports();
    return { xml: portXml(connection, networkOf(port.network), port.uuid) };
  }),
  410: call(struct({ port: networkPort, flags: uint }), nothing, async (connection, { port, flags }) => {
    onlyFlags(flags, 0, 'networkPortDelete');
    const { deletePort } = await ports();
    await deletePort(connection, networkOf(port.network), port.uuid);
  }),
});

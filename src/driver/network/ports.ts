// net-port-*: the ports of a network, listed, shown, made and removed by hand.
import { changePortBandwidth, noPort, plugIn, storePort } from '../../bridge/ports.ts';
import { releasePort } from '../../bridge/release.ts';
import { repairNetwork } from '../../bridge/start.ts';
import type { Bandwidth } from '../../domain/definition.ts';
import { libvirtError } from '../../errors.ts';
import { parseNetworkPort } from '../../network/port.ts';
import { lockNetwork } from '../../store/lock.ts';
import { loadLiveNetwork } from '../../store/network-documents.ts';
import { activeStatus, type NetworkRef } from '../../store/network-lookup.ts';
import { networkPorts, readPort } from '../../store/networks.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { changedBandwidth, rateParameters } from '../domain/interface-tuning.ts';

/** The uuids of all ports of an active network. */
export function listPorts(_connection: Connection, ref: NetworkRef): string[] {
  if (activeStatus(ref.name) === undefined) throw libvirtError('OPERATION_INVALID', `network '${ref.name}' is not active`);
  return networkPorts(ref.name);
}

/** net-port-create. Throws XML_ERROR, OPERATION_INVALID, and as takePort() does. */
export function createPort(connection: Connection, ref: NetworkRef, xml: string): { uuid: string } {
  requireWritable(connection, 'virNetworkPortCreateXML');
  const wanted = parseNetworkPort(xml);
  using _lock = lockNetwork(ref.name);
  repairNetwork(ref.name);
  const live = loadLiveNetwork(ref.name);
  if (!live) throw libvirtError('OPERATION_INVALID', `network '${ref.name}' is not active`);
  if (wanted.plug) throw libvirtError('CONFIG_UNSUPPORTED', 'Port reclaim not requested but plug type is not none');
  if (networkPorts(ref.name).includes(wanted.uuid))
    throw libvirtError('OPERATION_INVALID', `Network port with UUID ${wanted.uuid} already exists`);
  const port = plugIn(live, wanted);
  storePort(live, port);
  return port;
}

/** The XML of a port. Throws NO_NETWORK_PORT. */
export function portXml(_connection: Connection, ref: NetworkRef, uuid: string): string {
  const document = isPortUuid(uuid) ? readPort(ref.name, uuid) : undefined;
  if (document === undefined) throw noPort(uuid);
  return document;
}

/** The rates of a port. Throws NO_NETWORK_PORT. */
export const portRates = (connection: Connection, ref: NetworkRef, uuid: string): [parameter: string, value: number][] =>
  rateParameters(parseNetworkPort(portXml(connection, ref, uuid)).bandwidth);

/** Sets them, of one or both directions: the guaranteed one holds at once, the others are for whoever makes the interface. Throws as createPort(). */
export function setPortRates(connection: Connection, ref: NetworkRef, uuid: string, change: Bandwidth): void {
  requireWritable(connection, 'virNetworkPortSetParameters');
  portXml(connection, ref, uuid);
  changePortBandwidth(ref.name, uuid, (before) => changedBandwidth(before, change));
}

/** net-port-delete. Throws NO_NETWORK_PORT. */
export function deletePort(connection: Connection, ref: NetworkRef, uuid: string): void {
  if (!isPortUuid(uuid) || !networkPorts(ref.name).includes(uuid)) throw noPort(uuid);
  requireWritable(connection, 'virNetworkPortDelete');
  releasePort(ref.name, uuid);
}

const isPortUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text); // it becomes a file's name

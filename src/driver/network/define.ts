// net-define, net-undefine and the autostart mark.
import { checkUniqueNetwork, completeNetwork } from '../../bridge/complete.ts';
import { libvirtError } from '../../errors.ts';
import { parseHost } from '../../host/parse-host.ts';
import { parseNetwork } from '../../network/parse.ts';
import { recordNetworkEvent } from '../../store/events.ts';
import { lockNetwork, lockNetworkStore } from '../../store/lock.ts';
import { saveNetwork } from '../../store/network-documents.ts';
import { findNetwork, type NetworkRef } from '../../store/network-lookup.ts';
import { forgetNetworkFiles, isNetworkDefined, removeNetworkDefinition, setNetworkAutostart } from '../../store/networks.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { goesBeyondLibvirt } from '../functions.ts';

/**
 * Stores a definition; that of an active network counts from its next start.
 * Throws XML_ERROR and its kin, OPERATION_FAILED where the name or uuid is another network's; nothing is stored then.
 */
export async function defineNetwork(connection: Connection, xml: string, { validate }: { validate?: boolean }): Promise<NetworkRef> {
  requireWritable(connection, 'virNetworkDefineXML');
  if (validate) (await import('../../network/schema.ts')).validateNetworkDocument(xml);
  const definition = parseNetwork(xml, parseHost, { asLibvirt: !goesBeyondLibvirt() });
  using _lock = lockNetwork(definition.name);
  using _store = lockNetworkStore();
  completeNetwork(definition);
  checkUniqueNetwork(definition);
  saveNetwork(definition);
  recordNetworkEvent({ network: definition.name, uuid: definition.uuid, event: 'lifecycle', kind: 'Defined' });
  return definition;
}

/** Forgets a definition; an active network becomes transient. Throws OPERATION_INVALID for one that is transient. */
export function undefineNetwork(connection: Connection, ref: NetworkRef): void {
  requireWritable(connection, 'virNetworkUndefine');
  using _lock = lockNetwork(ref.name);
  if (!isNetworkDefined(ref.name)) throw libvirtError('OPERATION_INVALID', "can't undefine transient network");
  const network = findNetwork(ref.name);
  if (!network?.active) forgetNetworkFiles(ref.name, network?.bridge); // by what only the definition knows
  removeNetworkDefinition(ref.name);
  recordNetworkEvent({ network: ref.name, uuid: ref.uuid, event: 'lifecycle', kind: 'Undefined' });
}

/** Throws OPERATION_INVALID for a transient network. */
export function markNetworkAutostart(connection: Connection, ref: NetworkRef, on: boolean): void {
  requireWritable(connection, 'virNetworkSetAutostart');
  using _lock = lockNetwork(ref.name);
  if (!isNetworkDefined(ref.name)) throw libvirtError('OPERATION_INVALID', 'cannot set autostart for transient network');
  setNetworkAutostart(ref.name, on);
}

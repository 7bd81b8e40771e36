// net-start, net-create, net-destroy.
import { checkUniqueNetwork, completeNetwork } from '../../bridge/complete.ts';
import { clearStale, repairNetwork, run, runHooksQuietly, tearDown } from '../../bridge/start.ts';
import { libvirtError } from '../../errors.ts';
import { parseHost } from '../../host/parse-host.ts';
import { parseNetwork } from '../../network/parse.ts';
import { recordNetworkEvent } from '../../store/events.ts';
import { lockNetwork, lockNetworkStore } from '../../store/lock.ts';
import { loadLiveNetwork, loadNetwork } from '../../store/network-documents.ts';
import { activeStatus, type NetworkRef } from '../../store/network-lookup.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { goesBeyondLibvirt } from '../functions.ts';

/** Starts a defined network. Throws OPERATION_INVALID if it is active. Nothing is left of a start that fails. */
export function startNetwork(connection: Connection, ref: NetworkRef): void {
  requireWritable(connection, 'virNetworkCreate');
  using _lock = lockNetwork(ref.name);
  repairNetwork(ref.name);
  if (activeStatus(ref.name) !== undefined) throw libvirtError('OPERATION_INVALID', 'network is already active');
  run(loadNetwork(ref.name));
}

/** Starts a network from its XML alone; one that is defined already, under the same name and uuid, stays so. */
export async function createNetwork(connection: Connection, xml: string, { validate }: { validate?: boolean }): Promise<NetworkRef> {
  requireWritable(connection, 'virNetworkCreateXML');
  if (validate) (await import('../../network/schema.ts')).validateNetworkDocument(xml);
  const definition = parseNetwork(xml, parseHost, { asLibvirt: !goesBeyondLibvirt() });
  using _lock = lockNetwork(definition.name);
  repairNetwork(definition.name);
  {
    using _store = lockNetworkStore();
    completeNetwork(definition);
    checkUniqueNetwork(definition);
    if (activeStatus(definition.name) !== undefined)
      throw libvirtError('OPERATION_INVALID', `network is already active as '${definition.name}'`);
  }
  run(definition);
  return definition;
}

/** Ends an active network; what is plugged into it stays, unplugged. Throws OPERATION_INVALID. */
export function destroyNetwork(connection: Connection, ref: NetworkRef): void {
  requireWritable(connection, 'virNetworkDestroy');
  using _lock = lockNetwork(ref.name);
  const live = loadLiveNetwork(ref.name);
  if (!live) {
    clearStale(ref.name);
    throw libvirtError('OPERATION_INVALID', `network '${ref.name}' is not active`);
  }
  tearDown(live);
  runHooksQuietly(live);
  recordNetworkEvent({ network: live.name, uuid: live.uuid, event: 'lifecycle', kind: 'Stopped' });
}

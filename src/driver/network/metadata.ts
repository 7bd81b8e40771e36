// Title, description and the applications' own elements of a network.

import { repairNetwork } from '../../bridge/start.ts';
import { type MetadataChange, metadataOf, type TextKind, withMetadata, withText } from '../../domain/metadata-change.ts';
import { libvirtError } from '../../errors.ts';
import type { NetworkDefinition } from '../../network/definition.ts';
import { recordNetworkEvent } from '../../store/events.ts';
import { lockNetwork } from '../../store/lock.ts';
import { loadLiveNetwork, loadNetwork, saveLiveNetwork, saveNetwork } from '../../store/network-documents.ts';
import { isNetworkDefined } from '../../store/networks.ts';
import { type Connection, requireWritable } from '../connection.ts';
import type { NetworkRef } from './lookup.ts';
import { networkTargets, type UpdateTarget } from './target.ts';

/** The title or description, or undefined where there is none. */
export function networkText(_connection: Connection, ref: NetworkRef, what: TextKind, target: UpdateTarget): string | undefined {
  return queried(ref, target)[what];
}

/** An empty text removes it. Throws PLAIN for a title of several lines. */
export function setNetworkText(connection: Connection, ref: NetworkRef, what: TextKind, text: string, target: UpdateTarget): void {
  requireWritable(connection, 'virNetworkSetMetadata');
  change(ref, target, (definition) => withText(definition, what, text));
  recordNetworkEvent({ network: ref.name, uuid: ref.uuid, event: 'metadata-change', type: what });
}

/** The element of namespace `uri`, without that namespace. Throws NO_NETWORK_METADATA where there is none. */
export function networkMetadata(_connection: Connection, ref: NetworkRef, uri: string, target: UpdateTarget): string {
  const found = metadataOf(queried(ref, target), uri);
  if (found === undefined) throw libvirtError('NO_NETWORK_METADATA', 'Requested metadata element is not present');
  return found;
}

/** Stores or removes the element of namespace `uri`. Throws XML_DETAIL for malformed XML, INTERNAL_ERROR for a bad prefix. */
export function setNetworkMetadata(connection: Connection, ref: NetworkRef, changed: MetadataChange, target: UpdateTarget): void {
  requireWritable(connection, 'virNetworkSetMetadata');
  change(ref, target, (definition) => withMetadata(definition, changed));
  recordNetworkEvent({ network: ref.name, uuid: ref.uuid, event: 'metadata-change', type: 'element', uri: changed.uri });
}

const FACTS = { noConfig: 'transient networks do not have any persistent config' };

/** The one definition that is asked about; both at once are the active network's. */
function queried(ref: NetworkRef, target: UpdateTarget): NetworkDefinition {
  const live = loadLiveNetwork(ref.name);
  const wants = networkTargets({ active: live !== undefined, persistent: isNetworkDefined(ref.name) }, target, FACTS);
  return wants.live ? live! : loadNetwork(ref.name);
}

function change(ref: NetworkRef, target: UpdateTarget, changed: (definition: NetworkDefinition) => NetworkDefinition): void {
  using _lock = lockNetwork(ref.name);
  repairNetwork(ref.name);
  const live = loadLiveNetwork(ref.name);
  const wants = networkTargets({ active: live !== undefined, persistent: isNetworkDefined(ref.name) }, target, FACTS);
  const next = wants.live ? changed(live!) : undefined;
  const stored = wants.config ? changed(loadNetwork(ref.name)) : undefined;
  if (stored) saveNetwork(stored);
  if (next) saveLiveNetwork(next);
}

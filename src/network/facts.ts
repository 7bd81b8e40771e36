// What lists and the end of a domain must know of networks and their ports, found in the documents without parsing them.
// Each function reads what a formatter of stored.ts, format.ts or port.ts wrote: facts(format(x)) = x.

import { afterMetadata, attributeIn, beforeMetadata, bodyOf, textIn, uuidIn, withAttributeIn } from '../xml/facts.ts';
import { classNote, type PortClass } from './classes.ts';

export interface NetworkFacts {
  /** Empty in a damaged document. */
  uuid: string;
  title: string | undefined;
  bridge: string | undefined;
  /** The bridge is made when the network is started, and is gone when it ends. */
  ownsBridge: boolean;
  /** Of a status: the network was on its way to become active. */
  starting: boolean;
  /** Of a status: it is there to its end. */
  whole: boolean;
}

/** The network's document in a stored file or a status, without the comment before it. */
export const networkBody = (document: string): string | undefined => bodyOf(document, 'network');

/** Of a document by formatStoredNetwork() or formatNetworkStatus(). */
export function networkFacts(document: string): NetworkFacts {
  const body = networkBody(document) ?? '';
  const tail = afterMetadata(body);
  return {
    uuid: networkUuid(body),
    title: textIn(beforeMetadata(body), 'title'),
    bridge: attributeIn(tail, 'bridge', 'name'),
    whole: body.trimEnd().endsWith('</networkstatus>'),
    starting: body.startsWith("<networkstatus starting='yes'"),
    ownsBridge: !OTHERS_BRIDGE.has(attributeIn(tail, 'forward', 'mode')),
  };
}

/** Empty in a damaged document. `body`: as networkBody() gives it. */
export const networkUuid = (body: string): string => uuidIn(beforeMetadata(body)) ?? '';

const OTHERS_BRIDGE: ReadonlySet<string | undefined> = new Set(['bridge', 'private', 'vepa', 'passthrough', 'hostdev']);

/** A status for ports with these classes: as formatNetworkStatus() would write it. */
export function withClasses(status: string, taken: readonly PortClass[]): string {
  const body = bodyOf(status, 'networkstatus');
  if (body === undefined) return status;
  const { bitmap, sum } = classNote(taken);
  // The first two elements of the document.
  return status.slice(0, -body.length) + withAttributeIn(withAttributeIn(body, 'class_id', 'bitmap', bitmap), 'floor', 'sum', sum);
}

export interface PortFacts {
  /** The domain's name. */
  owner: string | undefined;
  mac: string | undefined;
  /** The network's own bridge, if it is plugged into that. */
  bridge: string | undefined;
  guaranteed: PortClass | undefined;
}

/** Of a document by formatNetworkPort(). */
export function portFacts(document: string): PortFacts {
  const classId = attributeIn(document, 'bandwidth', 'classID');
  return {
    owner: textIn(document, 'name'),
    mac: attributeIn(document, 'mac', 'address'),
    bridge: attributeIn(document, 'plug', 'type') === 'network' ? attributeIn(document, 'plug', 'bridge') : undefined,
    guaranteed: classId === undefined ? undefined : { id: Number(classId), floor: Number(attributeIn(document, 'inbound', 'floor') ?? 0) },
  };
}

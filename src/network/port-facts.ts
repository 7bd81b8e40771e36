// What the end of a domain needs of its ports, read from their documents without parsing them.
import { attributeIn, textIn } from '../xml/facts.ts';
import type { PortClass } from './classes.ts';

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

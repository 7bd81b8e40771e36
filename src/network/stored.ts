// Files of networks: the comment that warns whoever opens one, then the network or, while it is active, its status.

import type { ParseHost } from '../domain/parse.ts';
import { storedHeader } from '../domain/stored.ts';
import { libvirtError } from '../errors.ts';
import { childOf } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import { XmlWriter } from '../xml/writer.ts';
import { classNote, type PortClass } from './classes.ts';
import type { NetworkDefinition } from './definition.ts';
import { formatNetwork, writeNetwork } from './format.ts';
import { parseNetworkElement } from './parse.ts';

const header = ({ name }: NetworkDefinition): string => storedHeader(`virsh net-edit ${name}`);

/** The whole file of a defined network. */
export function formatStoredNetwork(definition: NetworkDefinition): string {
  return header(definition) + formatNetwork(definition);
}

/**
 * The whole file of an active network: libvirt's <networkstatus>. `starting`: of one that is not active yet, and will be
 * cleared up if nobody makes it so. `classes`: what its ports have of the guaranteed bandwidth.
 */
export function formatNetworkStatus(
  definition: NetworkDefinition,
  { starting = false, classes = [] }: { starting?: boolean; classes?: readonly PortClass[] } = {},
): string {
  const { bitmap, sum } = classNote(classes);
  const writer = new XmlWriter();
  writer.block('networkstatus', [['starting', starting ? 'yes' : undefined]], () => {
    writer.empty('class_id', [['bitmap', bitmap]]);
    writer.empty('floor', [['sum', sum]]);
    writeNetwork(writer, definition);
  });
  return header(definition) + writer.toString().trimEnd();
}

/** Throws INTERNAL_ERROR or XML_ERROR for what is no status document. */
export function parseNetworkStatus(text: string, host: Pick<ParseHost, 'randomUuid'>): NetworkDefinition {
  const root = parseXml(text, '(network_status)');
  const network = root.local === 'networkstatus' ? childOf(root, 'network') : undefined;
  if (network === undefined) throw libvirtError('INTERNAL_ERROR', `unexpected root element <${root.name}>, expecting <networkstatus>`);
  return parseNetworkElement(network, host);
}

// Elements of our own: what a container of ours has and libvirt has no word for. libvirt passes over elements of namespaces that it
// does not know, so such a document is still one for it.

import { libvirtError } from '../../errors.ts';
import { elementsOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainDefinition } from '../definition.ts';

export const OWN_NAMESPACE_URI = 'urn:virsh-lxc:domain:1.0';
/** What stands before our elements where we write them. */
const PREFIX = 'virsh-lxc';
/** The attribute of <domain> that declares it. */
export const OWN_DECLARATION = `xmlns:${PREFIX}`;

type Own = Pick<DomainDefinition, 'hostRoot' | 'controllingTerminal'>;

/** Throws CONFIG_UNSUPPORTED for an element that we do not know, unless it is read back: a later release may have written it. */
export function parseOwn(domain: XmlElement, readBack: boolean): Own {
  const own: Own = {};
  for (const { local, uri } of elementsOf(domain)) {
    if (uri !== OWN_NAMESPACE_URI) continue;
    if (local === 'host-root') own.hostRoot = true;
    else if (local === 'controlling-terminal') own.controllingTerminal = true;
    else if (!readBack) throw libvirtError('CONFIG_UNSUPPORTED', `unknown element '${local}' of namespace ${OWN_NAMESPACE_URI}`);
  }
  return own;
}

export const hasOwn = ({ hostRoot, controllingTerminal }: Own): boolean => hostRoot === true || controllingTerminal === true;

export function writeOwn(writer: XmlWriter, { hostRoot, controllingTerminal }: Own): void {
  if (hostRoot) writer.empty(`${PREFIX}:host-root`, []);
  if (controllingTerminal) writer.empty(`${PREFIX}:controlling-terminal`, []);
}

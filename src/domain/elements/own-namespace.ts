// Elements of our own: what a container of ours has and libvirt has no word for. libvirt passes over elements of namespaces that it
// does not know, so such a document is still one for it.

import { libvirtError } from '../../errors.ts';
import { enumAttribute } from '../../xml/attributes.ts';
import { attributeOf, elementsOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainDefinition, SecurityChoice } from '../definition.ts';

export const OWN_NAMESPACE_URI = 'urn:virsh-lxc:domain:1.0';
/** What stands before our elements where we write them. */
const PREFIX = 'virsh-lxc';
/** The attribute of <domain> that declares it. */
export const OWN_DECLARATION = `xmlns:${PREFIX}`;

export const SECURITY_LEVELS = ['libvirt', 'default', 'strict'] as const;
/** The kernel's own bound (PID_MAX_LIMIT of proc_sys_kernel(5), pid_max). */
const MOST_PIDS = 2 ** 22;

type Own = Pick<DomainDefinition, 'hostRoot' | 'controllingTerminal' | 'hostView' | 'security'>;

/** Throws CONFIG_UNSUPPORTED for an element that we do not know, unless it is read back: a later release may have written it. */
export function parseOwn(domain: XmlElement, readBack: boolean): Own {
  const own: Own = {};
  for (const element of elementsOf(domain)) {
    const { local, uri } = element;
    if (uri !== OWN_NAMESPACE_URI) continue;
    if (local === 'host-root') own.hostRoot = true;
    else if (local === 'controlling-terminal') own.controllingTerminal = true;
    else if (local === 'host-view') own.hostView = true;
    else if (local === 'security') own.security = parseSecurity(element);
    else if (!readBack) throw libvirtError('CONFIG_UNSUPPORTED', `unknown element '${local}' of namespace ${OWN_NAMESPACE_URI}`);
  }
  return own;
}

/** `<security level='libvirt|default|strict' pids='N'/>`; 0 pids: no bound but the host's. */
function parseSecurity(element: XmlElement): SecurityChoice {
  const level = enumAttribute(element, 'level', SECURITY_LEVELS);
  const pids = attributeOf(element, 'pids');
  if (pids !== undefined && (!/^\d{1,7}$/.test(pids) || Number(pids) > MOST_PIDS))
    throw libvirtError(
      'XML_ERROR',
      `Invalid value for attribute 'pids' in element '${element.local}': '${pids}'. Expected a number up to ${MOST_PIDS}`,
    );
  return { ...(level !== undefined && { level }), ...(pids !== undefined && { maxPids: Number(pids) }) };
}

export const hasOwn = ({ hostRoot, controllingTerminal, hostView, security }: Own): boolean =>
  hostRoot === true || controllingTerminal === true || hostView === true || security !== undefined;

export function writeOwn(writer: XmlWriter, { hostRoot, controllingTerminal, hostView, security }: Own): void {
  if (hostRoot) writer.empty(`${PREFIX}:host-root`, []);
  if (controllingTerminal) writer.empty(`${PREFIX}:controlling-terminal`, []);
  if (hostView) writer.empty(`${PREFIX}:host-view`, []);
  if (security)
    writer.empty(`${PREFIX}:security`, [
      ['level', security.level],
      ['pids', security.maxPids],
    ]);
}

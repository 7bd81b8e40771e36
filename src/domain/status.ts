// The status document of a running domain: libvirt's <domstatus>, with one element more, <controller>, for what must be known of the
// controller to tell it from a later process of the same number, and sometimes another, <config>.

import { libvirtError } from '../errors.ts';
import { attributeOf, childOf, childrenOf, descend, type XmlElement } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import { type Attributes, XmlWriter } from '../xml/writer.ts';
import { isContainerCgroup } from './cgroup-path.ts';
import type { DomainDefinition, SecurityLevel } from './definition.ts';
import { SECURITY_LEVELS } from './elements/own-namespace.ts';
import { writeDomain } from './format.ts';
import { type ParseHost, parseDomainElement } from './parse.ts';
import { storedHeader } from './stored.ts';

/** What there is of a running container, made by its start: by this everybody else finds it. */
export interface Runtime {
  controllerPid: number;
  /** Field 22 of /proc/PID/stat. */
  controllerStartTime: string;
  initPid: number;
  initStartTime?: string;
  /** The container's cgroup below the hierarchies' roots, without a leading slash. Which it is, everything that touches processes relies on. */
  cgroup: string;
  /** The descriptor by which the controller holds what we mounted on the container's /dev; a controller of an older release has none. */
  devFd?: number;
  /** It was started at a terminal. */
  atTerminal?: boolean;
  /** The level that it was started at, whatever lxc.conf says by now; undefined: libvirt's. */
  level?: SecurityLevel;
  /** Its definition's <idmap> is none of the user's: it was chosen by the start, for this run. */
  automaticIds?: boolean;
  /** Its start is still to be put on record (container/lifecycle.ts): why it was started. */
  auditDue?: 'booted' | 'reboot';
  /** Further attributes of <controller>. */
  extra: Record<string, string>;
}

/** A domain that runs. */
export interface LiveDomain extends Runtime {
  taints?: string[];
  /** Its definition as libvirt shows that of a running domain: with an id, ptys, the names of its interfaces (container/live-definition.ts). */
  domain: DomainDefinition;
  /** Of a domain that was undefined while it runs: the definition that was stored, which its inactive XML still shows. */
  config?: DomainDefinition;
}

export interface DomainStatus extends LiveDomain {
  state: 'running' | 'paused';
  /** In the words of status files: `booted`, `user`. */
  reason: string;
}

/** The whole file. */
export function formatStatus(status: DomainStatus): string {
  const writer = new XmlWriter({ lossless: true });
  writer.block(
    'domstatus',
    [
      ['state', status.state],
      ['reason', status.reason],
      ['pid', status.controllerPid],
    ],
    () => {
      for (const flag of status.taints ?? []) writer.empty('taint', [['flag', flag]]);
      writer.empty('init', [
        ['pid', status.initPid],
        ['starttime', status.initStartTime],
      ]);
      const extra: Attributes = Object.entries(status.extra);
      writer.empty('controller', [
        ['starttime', status.controllerStartTime],
        ['cgroup', status.cgroup],
        ['dev', status.devFd],
        ['terminal', status.atTerminal ? 'yes' : undefined],
        ['level', status.level],
        ['idmap', status.automaticIds ? 'automatic' : undefined],
        ['audit', status.auditDue],
        ...extra,
      ]);
      writeDomain(writer, status.domain, { live: true, status: true });
      const { config } = status;
      if (config) writer.block('config', [], () => writeDomain(writer, config, { live: false }));
    },
  );
  return storedHeader(`virsh edit ${status.domain.name}`) + writer.toString();
}

/** Throws INTERNAL_ERROR or XML_ERROR for what is no status document, or one from which something is missing. */
export function parseStatus(text: string | Uint8Array, host: ParseHost): DomainStatus {
  const root = parseXml(text, '(domain_status)');
  if (root.local !== 'domstatus') throw libvirtError('XML_ERROR', `expecting root element of 'domstatus', not '${root.name}'`);
  const state = attributeOf(root, 'state');
  if (state !== 'running' && state !== 'paused') throw libvirtError('INTERNAL_ERROR', `invalid domain state '${state ?? ''}'`);
  const domainElement = childOf(root, 'domain');
  const init = childOf(root, 'init');
  const controller = childOf(root, 'controller');
  if (domainElement === undefined || init === undefined) throw libvirtError('INTERNAL_ERROR', 'no domain config');
  const initStartTime = attributeOf(init, 'starttime');
  const taints = childrenOf(root, 'taint').flatMap((taint) => attributeOf(taint, 'flag') ?? []);
  const extra: Record<string, string> = {};
  for (const { name, value } of controller?.attributes ?? [])
    if (!['starttime', 'cgroup', 'dev', 'terminal', 'level', 'idmap', 'audit'].includes(name)) extra[name] = value;
  const controllerPid = pid(root);
  const cgroup = controller && attributeOf(controller, 'cgroup');
  if (cgroup === undefined || !isContainerCgroup(cgroup, controllerPid))
    throw libvirtError('INTERNAL_ERROR', 'no valid cgroup in the domain status');
  const level = SECURITY_LEVELS.find((one) => controller && attributeOf(controller, 'level') === one);
  const config = descend(root, 'config/domain');
  const devFd = controller && attributeOf(controller, 'dev');
  const auditDue = controller && attributeOf(controller, 'audit');
  return {
    state,
    reason: attributeOf(root, 'reason') ?? 'unknown',
    controllerPid,
    controllerStartTime: (controller && attributeOf(controller, 'starttime')) ?? '',
    initPid: pid(init),
    ...(initStartTime !== undefined && { initStartTime }),
    cgroup,
    ...(devFd !== undefined && /^\d+$/.test(devFd) && { devFd: Number(devFd) }),
    ...(controller && attributeOf(controller, 'terminal') === 'yes' && { atTerminal: true }),
    ...(level !== undefined && { level }),
    ...(controller && attributeOf(controller, 'idmap') === 'automatic' && { automaticIds: true }),
    ...((auditDue === 'booted' || auditDue === 'reboot') && { auditDue }),
    extra,
    ...(taints.length > 0 && { taints }),
    domain: parseDomainElement(domainElement, host, { status: true }),
    ...(config && { config: parseDomainElement(config, host, { stored: true }) }),
  };
}

function pid(element: XmlElement): number {
  const number = Number(attributeOf(element, 'pid'));
  if (!Number.isInteger(number) || number <= 0) throw libvirtError('INTERNAL_ERROR', 'invalid pid');
  return number;
}

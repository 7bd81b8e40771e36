// What lists and look-ups must know of domains, found in the documents without parsing them. Each function reads what a
// formatter of stored.ts, status.ts or format.ts wrote: facts(format(x)) = x.

import { afterMetadata, attributeIn, beforeMetadata, bodyOf, textIn, uuidIn } from '../xml/facts.ts';
import { isContainerCgroup } from './cgroup-path.ts';

export interface DomainFacts {
  uuid: string | undefined;
  title: string | undefined;
}

/** The domain's document in a stored file, without the comment before it. undefined where there is none. */
export const domainBody = (document: string): string | undefined => bodyOf(document, 'domain');

/** Of a document by formatDomain() or formatStored(). */
export function domainFacts(document: string): DomainFacts {
  return factsIn(domainBody(document) ?? '');
}

function factsIn(body: string): DomainFacts {
  const head = beforeMetadata(body);
  return { uuid: uuidIn(head), title: textIn(head, 'title') };
}

export interface StatusFacts extends DomainFacts {
  /** undefined where the document does not begin as a status does. */
  state: 'running' | 'paused' | undefined;
  reason: string;
  /** 0 where it is not there. */
  controllerPid: number;
  /** Empty where it is not there. */
  controllerStartTime: string;
  /** 0 where it is not there. */
  initPid: number;
  /** undefined where it could not be this controller's. */
  cgroup: string | undefined;
}

const FACTS = /^<domstatus state='(\w+)' reason='([\w -]+)' pid='(\d+)'>/;
const NUMBER = /^\d+$/;

/** Of a document by formatStatus(); a damaged one may end anywhere: what stands there whole is true. */
export function statusFacts(document: string): StatusFacts {
  const body = bodyOf(document, 'domstatus') ?? '';
  const [, state, reason = 'unknown', pid] = FACTS.exec(body) ?? [];
  const startTime = attributeIn(body, 'controller', 'starttime') ?? '';
  const initPid = attributeIn(body, 'init', 'pid') ?? '';
  const cgroup = attributeIn(body, 'controller', 'cgroup');
  const controllerPid = Number(pid ?? 0);
  return {
    ...factsIn(body),
    state: state === undefined ? undefined : state === 'paused' ? 'paused' : 'running',
    reason,
    controllerPid,
    controllerStartTime: NUMBER.test(startTime) ? startTime : '',
    initPid: NUMBER.test(initPid) ? Number(initPid) : 0,
    cgroup: cgroup !== undefined && isContainerCgroup(cgroup, controllerPid) ? cgroup : undefined,
  };
}

/** What statistics need of a definition, stored or live. */
export interface StatisticsFacts {
  memoryKiB: number;
  currentMemoryKiB: number;
  vcpus: { current: number; maximum: number };
  interfaces: InterfaceFacts[];
  /** There are disks: what they are is in the definition. */
  hasDisks: boolean;
}

export interface InterfaceFacts {
  /** Its device on the host; undefined while the domain is off, and for one that is not of the host. */
  targetDev: string | undefined;
  /** Its device in the container, where that is known. */
  guestDev: string | undefined;
}

/** Of a document by any formatter. What a damaged one lacks is 0, or none. */
export function statisticsFacts(document: string): StatisticsFacts {
  const body = domainBody(document) ?? '';
  const whole = afterMetadata(body);
  const end = whole.indexOf('</devices>');
  const part = end < 0 ? whole : whole.slice(0, end);
  const memoryKiB = numberOf(/<memory [^>]*>(\d+)</, part);
  const maximum = numberOf(/<vcpu(?: [^>]*)?>(\d+)</, part);
  const current = attributeIn(part, 'vcpu', 'current');
  return {
    memoryKiB,
    currentMemoryKiB: numberOf(/<currentMemory [^>]*>(\d+)</, part),
    vcpus: { current: current === undefined ? maximum : Number(current), maximum },
    interfaces: interfacesIn(part),
    hasDisks: part.includes('<disk '),
  };
}

const numberOf = (pattern: RegExp, text: string): number => Number(pattern.exec(text)?.[1] ?? 0);

function interfacesIn(part: string): InterfaceFacts[] {
  const found: InterfaceFacts[] = [];
  for (let at = part.indexOf('<interface '); at >= 0; at = part.indexOf('<interface ', at + 1)) {
    const end = part.indexOf('</interface>', at);
    const element = part.slice(at, end < 0 ? undefined : end);
    found.push({ targetDev: attributeIn(element, 'target', 'dev'), guestDev: attributeIn(element, 'guest', 'dev') });
  }
  return found;
}

// What there is to know of a domain: figures and devices.

import type { DomainDefinition, DomainDevices } from '../../domain/definition.ts';
import { configuredInterface } from '../../domain/elements/interface.ts';
import { statisticsFacts } from '../../domain/facts.ts';
import { usedVcpus } from '../../domain/processors.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError, notRunning, unsupportedFlags } from '../../errors.ts';
import { DomainCgroup } from '../../host/cgroup/cgroup.ts';
import { cpuStats } from '../../host/cgroup/cpuacct.ts';
import { memoryUsageKiB } from '../../host/cgroup/memory.ts';
import type { ProcessLabel } from '../../security/label-driver.ts';
import { labelDriver, securityModel } from '../../security/labels.ts';
import { hasAutostartLink, isDefined, readDefinition } from '../../store/definitions.ts';
import { loadDefinition, loadStatus } from '../../store/domain-documents.ts';
import { liveStatus } from '../../store/live-status.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { leasesOf } from '../network/leases.ts';
import type { DomainStateName } from './lookup.ts';

export interface DomainInfo {
  id: number | null;
  name: string;
  uuid: string;
  osType: 'exe';
  state: DomainStateName;
  vcpus: number;
  /** null while it is off. */
  cpuTimeNs: bigint | null;
  maxMemoryKiB: number;
  /** What its cgroup uses; while it is off, what it would be given. */
  usedMemoryKiB: number;
  persistent: boolean;
  autostart: boolean;
  /** With the next boot only. */
  autostartOnce: boolean;
  security: { model: string; doi: string; label?: string };
}

export async function domainInfo(_connection: Connection, ref: DomainRef): Promise<DomainInfo> {
  const record = liveStatus(ref.name);
  const status = record && loadStatus(record);
  const domain = status?.domain ?? loadDefinition(ref.name);
  const cgroup = status && new DomainCgroup(status.cgroup);
  return {
    id: status?.controllerPid ?? null,
    name: domain.name,
    uuid: domain.uuid,
    osType: 'exe',
    state: record?.state ?? 'shut off',
    vcpus: usedVcpus(domain),
    cpuTimeNs: cgroup ? cpuStats(cgroup).totalNs : null,
    maxMemoryKiB: domain.memoryKiB,
    usedMemoryKiB: cgroup ? memoryUsageKiB(cgroup) : domain.currentMemoryKiB,
    persistent: isDefined(ref.name),
    autostart: hasAutostartLink(ref.name),
    autostartOnce: hasAutostartLink(ref.name, 'once'),
    security: await securityOf(record?.initPid),
  };
}

/** What init's label is now: an unlabelled one has that of who started it. */
async function securityOf(initPid: number | undefined): Promise<DomainInfo['security']> {
  const driver = await labelDriver();
  if (!driver) return { model: 'none', doi: '0' };
  const known = { model: driver.model, doi: '0' };
  if (initPid === undefined) return known;
  const { label, isEnforcing } = driver.labelOf(initPid);
  return { ...known, label: `${label} (${isEnforcing ? 'enforcing' : 'permissive'})` };
}

/** virDomainGetSecurityLabel: undefined for one that does not run, and where nothing is labelled. */
export async function domainLabel(_connection: Connection, ref: DomainRef): Promise<ProcessLabel | undefined> {
  const record = liveStatus(ref.name);
  return record && (await labelDriver())?.labelOf(record.initPid);
}

/** virNodeGetSecurityModel. */
export async function hostSecurity(_connection: Connection): Promise<{ model: string; doi: string }> {
  const { model, doi } = await securityModel();
  return { model, doi };
}

export interface DomainMeasures {
  state: DomainStateName;
  maxMemoryKiB: number;
  usedMemoryKiB: number;
  vcpus: number;
  cpuTimeNs: bigint;
}

/** virDomainGetInfo: the part of it that is asked for again and again. Parses no XML. */
export function domainMeasures(_connection: Connection, ref: DomainRef): DomainMeasures {
  const record = liveStatus(ref.name);
  const document = record?.document ?? readDefinition(ref.name);
  if (document === undefined) throw libvirtError('NO_DOMAIN', `no domain with matching name '${ref.name}'`);
  const { memoryKiB, currentMemoryKiB, vcpus } = statisticsFacts(document);
  const cgroup = record?.cgroup === undefined ? undefined : new DomainCgroup(record.cgroup);
  return {
    state: record?.state ?? 'shut off',
    maxMemoryKiB: memoryKiB,
    usedMemoryKiB: cgroup ? memoryUsageKiB(cgroup) : currentMemoryKiB,
    vcpus: vcpus.current,
    cpuTimeNs: cgroup ? cpuStats(cgroup).totalNs : 0n,
  };
}

/** The domain's host name, from the leases of its network. Throws NO_HOSTNAME where there is none. */
export async function domainHostname(connection: Connection, ref: DomainRef, source: 'lease' | 'agent' | undefined): Promise<string> {
  requireWritable(connection, 'virDomainGetHostname');
  if (source === 'agent') throw unsupportedFlags(0x2, 'lxcDomainGetHostname');
  const record = liveStatus(ref.name);
  if (!record) throw notRunning();
  const inNetworks = loadStatus(record).domain.devices.interfaces.filter(({ type }) => type === 'network');
  for (const { source: network, mac } of inNetworks) {
    const lease = leasesOf(network!).find(({ mac: leased, hostname }) => leased.toLowerCase() === mac && hostname !== undefined);
    if (lease) return lease.hostname!;
  }
  throw libvirtError('NO_HOSTNAME', `no hostname found for domain ${ref.name}`);
}

/** Live devices of a running domain, unless `inactive`. */
export function domainDevices(_connection: Connection, ref: DomainRef, { inactive }: { inactive?: boolean }): DomainDevices {
  return currentDefinition(ref, inactive === true).devices;
}

/**
 * The definition that counts: the live one of a running domain, else (or if `inactive`) the stored one. What a transient domain has
 * in place of that is the live one without what belongs to the run, as libvirt has it.
 */
export function currentDefinition(ref: DomainRef, inactive: boolean): DomainDefinition {
  const record = liveStatus(ref.name);
  if (!record || (inactive && isDefined(ref.name))) return loadDefinition(ref.name);
  const { domain, config } = loadStatus(record);
  if (!inactive) return domain;
  if (config) return config;
  return { ...domain, devices: { ...domain.devices, interfaces: domain.devices.interfaces.map(configuredInterface) } };
}

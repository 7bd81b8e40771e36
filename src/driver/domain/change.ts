// Changing what is stored of a domain, and what is known of it while it runs: for metadata, tuning and devices.
import type { DomainDefinitions } from '../../container/definitions.ts';
import { transition } from '../../container/lifecycle.ts';
import { ResourceAudit } from '../../container/resource-audit.ts';
import type { DomainDefinition } from '../../domain/definition.ts';
import { aliasesOnlyIn } from '../../domain/device-alias.ts';
import type { DomainRef } from '../../domain/ref.ts';
import type { DomainStatus } from '../../domain/status.ts';
import { isDefined } from '../../store/definitions.ts';
import { loadDefinition, loadStatus, saveDefinition, saveStatus } from '../../store/domain-documents.ts';
import { type DeviceEventKind, recordEvent } from '../../store/events.ts';
import { liveStatus } from '../../store/live-status.ts';
import { lockDomain } from '../../store/lock.ts';
import { goesBeyondLibvirt } from '../../store/lxc-conf.ts';
import type { Connection } from '../connection.ts';

/** Both definitions as they are now. Takes no lock. */
export function readDomain(_connection: Connection, ref: DomainRef): DomainDefinitions {
  return imageOf(ref).image;
}

export interface DomainChange {
  config?: DomainDefinition;
  live?: DomainDefinition;
  /**
   * Brings about what `live` says, after it was written: whoever is killed meanwhile leaves something that can be taken
   * away again by its name. If it throws, both definitions are put back. May return a better `live`.
   */
  apply?: () => DomainDefinition | undefined;
  /** What happens by it to devices of the running domain. */
  event?: DeviceEventKind;
}

/**
 * Writes back what `change` returns, under the domain's lock; what it does not return stays. If it throws, nothing is
 * written. What it notes of the running container's resources comes into the audit log, done or failed.
 * The caller checks that the connection may write.
 */
export function changeDomain(
  _connection: Connection,
  ref: DomainRef,
  change: (image: DomainDefinitions, audit: ResourceAudit) => DomainChange,
): void {
  using _lock = lockDomain(ref.name);
  const audit = new ResourceAudit(ref);
  try {
    carryOut(ref, (image) => change(image, audit));
  } catch (error) {
    audit.write({ success: false });
    throw error;
  }
  audit.write({ success: true });
}

function carryOut(ref: DomainRef, change: (image: DomainDefinitions) => DomainChange): void {
  const { image, status } = imageOf(ref);
  if (status?.auditDue) transition(ref, 'running', 'recorded late', { status }).at('done');
  const { config, live, apply, event } = change(image);
  if (config) saveDefinition(config);
  if (live) saveLive(ref, live);
  try {
    const better = apply?.();
    if (better) saveLive(ref, better);
    if (event && live) recordDevices(image, better ?? live, event);
  } catch (error) {
    if (config && image.config) saveDefinition(image.config);
    if (live && image.live) saveLive(ref, image.live);
    throw error;
  }
}

/** Differs from libvirt, whose driver for containers tells of no devices. */
function recordDevices({ ref, live: before }: DomainDefinitions, after: DomainDefinition, event: DeviceEventKind): void {
  if (!before || !goesBeyondLibvirt()) return;
  const devices = event === 'device-added' ? aliasesOnlyIn(after, before) : aliasesOnlyIn(before, after);
  for (const device of devices) recordEvent({ domain: ref.name, uuid: ref.uuid, event, device });
}

function saveLive(ref: DomainRef, live: DomainDefinition): void {
  const record = liveStatus(ref.name);
  if (record) saveStatus({ ...loadStatus(record), domain: live });
}

function imageOf(ref: DomainRef): { image: DomainDefinitions; status: DomainStatus | undefined } {
  const record = liveStatus(ref.name);
  const status = record && loadStatus(record);
  const persistent = isDefined(ref.name);
  const image: DomainDefinitions = {
    ref,
    active: record !== undefined,
    persistent,
    config: persistent ? loadDefinition(ref.name) : null,
    live: status?.domain ?? null,
    cgroup: status?.cgroup,
    ownDev: record && status?.devFd !== undefined ? { controller: record.controller, fd: status.devFd } : undefined,
    initPid: record?.initPid ?? 0,
    run: record &&
      status && {
        controller: record.controller,
        initPid: record.initPid,
        level: status.level ?? 'libvirt',
        automaticIds: status.automaticIds === true,
      },
  };
  return { image, status };
}

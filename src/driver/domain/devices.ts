// attach-device, detach-device, update-device: of the stored definition, the running container, or both.

import { TakenPorts } from '../../bridge/ports.ts';
import { releasePorts } from '../../bridge/release.ts';
import type { DomainDefinitions } from '../../container/definitions.ts';
import { diskNode, filesystemRule, hostdevNode, hostdevNodePath, lostRule, type OwnNode, ruleOf } from '../../container/devices.ts';
import { plugInterface, plugNode, prepareInterface, unplugInterface, unplugNode } from '../../container/hotplug.ts';
import type { ResourceAudit } from '../../container/resource-audit.ts';
import type { DomainDefinition, DomainDevices, FilesystemDevice } from '../../domain/definition.ts';
import { type ParsedDevice, parseDevice } from '../../domain/device.ts';
import { deviceByAlias } from '../../domain/device-alias.ts';
import {
  findDisk,
  findFilesystem,
  findHostdev,
  findInterface,
  type Kinds,
  withDevice,
  withDevices,
  withDisk,
  withFilesystem,
  without,
  withoutDevice,
  withUpdatedDevice,
} from '../../domain/device-list.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { strangersInDevice } from '../../domain/strangers.ts';
import { libvirtError, unsupportedFlags } from '../../errors.ts';
import { attempt } from '../../host/attempt.ts';
import { parseHost } from '../../host/parse-host.ts';
import { diskChange, filesystemChange, hostdevChange, interfaceChange } from '../../security/audit/records.ts';
import { type ChosenLabel, runningLabel } from '../../security/labels.ts';
import { warn } from '../../store/log.ts';
import { parseXml } from '../../xml/reader.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { goesBeyondLibvirt, requireBeyondLibvirt } from '../functions.ts';
import { type Affect, affected } from './affect.ts';
import { changeDomain, type DomainChange, readDomain } from './change.ts';
import { changeLiveInterface } from './interface-change.ts';
import { isActive } from './lookup.ts';

/** What is to be changed; with none of these the running domain, and no other. */
export interface DeviceFlags {
  readonly live?: boolean;
  readonly config?: boolean;
  /** The running domain, or the stored definition if it does not run. */
  readonly current?: boolean;
  /** The stored definition, and the domain if it runs. */
  readonly persistent?: boolean;
}

/** Which of the two definitions are named by the flags. */
export function namedDefinitions(
  connection: Connection,
  ref: DomainRef,
  { live = false, config = false, persistent = false }: DeviceFlags,
): { live: boolean; config: boolean } {
  return { live: live || (persistent && isActive(connection, ref)), config: config || persistent };
}

/** Throws INVALID_ARG or OPERATION_FAILED for a device that is there already, CONFIG_UNSUPPORTED for what cannot be added. */
export async function attachDevice(
  connection: Connection,
  ref: DomainRef,
  xml: string,
  flags: DeviceFlags & { readonly onWarning?: (text: string) => void },
): Promise<void> {
  const which = permitted(connection, ref, 'virDomainAttachDevice', flags);
  const filesystems = describesFilesystem(xml) ? await liveFilesystems(connection, ref) : undefined;
  using ports = new TakenPorts(ref);
  changeDomain(connection, ref, (image, audit) => {
    const { live, config } = affected(image, which);
    const parsed = parseDevice(xml, parseHost);
    return {
      ...(config && { config: withDevice(image.config!, parsed, KINDS) }),
      ...(live && { ...plug(image, parsed, { ports, filesystems, audit }), event: 'device-added' }),
    };
  });
  ports.keep();
  for (const text of strangersInDevice(parseXml(xml, '(device_definition)'))) warn(ref.name, text, flags.onWarning);
}

/** The document only has to say which device is meant. Throws where there is not exactly one such device. */
export async function detachDevice(connection: Connection, ref: DomainRef, xml: string, flags: DeviceFlags): Promise<void> {
  const which = permitted(connection, ref, 'virDomainDetachDevice', flags);
  const filesystems = describesFilesystem(xml) ? await liveFilesystems(connection, ref) : undefined;
  changeDomain(connection, ref, (image, audit) => {
    const { live, config } = affected(image, which);
    const parsed = parseDevice(xml, parseHost, { naming: true });
    return {
      ...(config && { config: withoutDevice(image.config!, parsed, KINDS) }),
      ...(live && { live: unplug(image, parsed, filesystems, audit), event: 'device-removed' }),
    };
  });
}

const KINDS: Kinds = { more: goesBeyondLibvirt };

/** How file systems of a running domain are changed, and what it is labelled with. */
interface LiveFilesystems {
  driver: typeof import('../../container/hotplug-filesystem.ts');
  label: ChosenLabel | undefined;
}

/** undefined: the host is to do no more than libvirt, which has none of this. */
async function liveFilesystems(connection: Connection, ref: DomainRef): Promise<LiveFilesystems | undefined> {
  if (!goesBeyondLibvirt()) return undefined;
  const { live } = readDomain(connection, ref);
  return { driver: await import('../../container/hotplug-filesystem.ts'), label: live ? await runningLabel(live) : undefined };
}

/** What is wrong with a document comes later. */
const describesFilesystem = (xml: string): boolean => attempt(() => parseXml(xml, '(device_definition)').local) === 'filesystem';

/** One that libvirt would call so; in each definition the one that it calls so there. Throws as detachDevice(). */
export async function detachDeviceAlias(connection: Connection, ref: DomainRef, alias: string, affect: Affect): Promise<void> {
  requireWritable(connection, 'virDomainDetachDeviceAlias');
  requireBeyondLibvirt('virDomainDetachDeviceAlias');
  const filesystems = await liveFilesystems(connection, ref);
  changeDomain(connection, ref, (image, audit) => {
    const { live, config } = affected(image, affect);
    return {
      ...(config && { config: withoutDevice(image.config!, deviceByAlias(image.config!, alias), KINDS) }),
      ...(live && { live: unplug(image, deviceByAlias(image.live!, alias), filesystems, audit) }),
    };
  });
}

const FLAG_FORCE = 0x4;

/** Of a running domain interfaces only, and not all of them. Throws OPERATION_UNSUPPORTED for the rest. */
export function updateDevice(connection: Connection, ref: DomainRef, xml: string, flags: DeviceFlags & { readonly force?: boolean }): void {
  requireWritable(connection, 'virDomainUpdateDeviceFlags');
  if (flags.force) throw unsupportedFlags(FLAG_FORCE, 'lxcDomainUpdateDeviceFlags');
  const which = namedDefinitions(connection, ref, flags);
  using ports = new TakenPorts(ref);
  changeDomain(connection, ref, (image, audit) => {
    const { live, config } = affected(image, which);
    // libvirt's driver refuses this of a running domain whatever the document says, but looks at the stored definition first.
    if (!config) requireLiveUpdates();
    const parsed = parseDevice(xml, parseHost);
    return { ...(config && { config: withUpdatedDevice(image.config!, parsed, KINDS) }), ...(live && update(image, parsed, ports, audit)) };
  });
  ports.keep();
}

function requireLiveUpdates(): void {
  if (!goesBeyondLibvirt()) throw noLiveUpdate();
}

const noLiveUpdate = () => libvirtError('OPERATION_UNSUPPORTED', 'Unable to modify live devices');

function update(image: DomainDefinitions, parsed: ParsedDevice, ports: TakenPorts, audit: ResourceAudit): DomainChange {
  requireLiveUpdates();
  if (parsed.kind !== 'interface') throw noLiveUpdate();
  return changeLiveInterface(image, findInterface(image.live!.devices, parsed), parsed.device, ports, audit);
}

/** libvirt has an older function that takes no flags and means the running domain. */
function permitted(connection: Connection, ref: DomainRef, api: string, flags: DeviceFlags): { live: boolean; config: boolean } {
  const named = namedDefinitions(connection, ref, flags);
  const hasFlags = named.live || named.config || flags.current === true;
  requireWritable(connection, hasFlags ? `${api}Flags` : api);
  return hasFlags ? named : { live: true, config: false };
}

// -- attaching to the running domain -----------------------------------------------------------------------------------------

interface Plugging {
  ports: TakenPorts;
  filesystems: LiveFilesystems | undefined;
  audit: ResourceAudit;
}

function plug(image: DomainDefinitions, parsed: ParsedDevice, { ports, filesystems, audit }: Plugging): DomainChange {
  const live = image.live!;
  const { devices } = live;
  switch (parsed.kind) {
    case 'filesystem': {
      if (!filesystems) throw noLiveChange('attached', parsed);
      return plugFilesystem(image, parsed.device, filesystems, audit);
    }
    case 'disk': {
      audit.note(diskChange('attach', undefined, parsed.device));
      if (findDisk(devices, parsed.device) >= 0)
        throw libvirtError('OPERATION_FAILED', `target ${parsed.device.target.dev} already exists`);
      return plugNodeOf(image, diskNode(parsed.device, { isPlugged: true }), { disks: withDisk(devices, parsed.device) }, audit);
    }
    case 'hostdev': {
      audit.note(hostdevChange('attach', parsed.device));
      if (findHostdev(devices, parsed.device) >= 0) throw libvirtError('OPERATION_FAILED', 'host device already exists');
      const own = hostdevNode(parsed.device, { isPlugged: true });
      if (!own) throw libvirtError('CONFIG_UNSUPPORTED', `Unsupported host device type ${parsed.device.type}`);
      return plugNodeOf(image, own, { hostdevs: [...devices.hostdevs, parsed.device] }, audit);
    }
    case 'interface': {
      audit.note(interfaceChange('attach', undefined, parsed.device));
      const prepared = prepareInterface(image, parsed.device, ports);
      const next = withDevices(live, { interfaces: [...devices.interfaces, ...prepared.interfaces] });
      return {
        live: next,
        apply: () => {
          plugInterface(image, prepared);
          return next;
        },
      };
    }
    default:
      throw noLiveChange('attached', parsed);
  }
}

const noLiveChange = (change: 'attached' | 'detached', parsed: ParsedDevice) =>
  libvirtError('CONFIG_UNSUPPORTED', `device type '${kindWord(parsed)}' cannot be ${change}`);

function plugFilesystem(
  image: DomainDefinitions,
  device: FilesystemDevice,
  { driver, label }: LiveFilesystems,
  audit: ResourceAudit,
): DomainChange {
  audit.note(filesystemChange('attach', undefined, device));
  const live = image.live!;
  const added = driver.pluggable(image, device);
  const rule = filesystemRule(added);
  if (rule) audit.noteRule('allow', image, rule);
  const having = (one: FilesystemDevice) => withDevices(live, { filesystems: withFilesystem(live.devices, one) });
  const next = having(added);
  return { live: next, apply: () => having(driver.plugFilesystem(image, next, added, label)) };
}

function plugNodeOf(image: DomainDefinitions, own: OwnNode, changed: Partial<DomainDevices>, audit: ResourceAudit): DomainChange {
  audit.noteRule('allow', image, ruleOf(own));
  const next = withDevices(image.live!, changed);
  return {
    live: next,
    apply: () => {
      plugNode(image, next, own);
      return undefined;
    },
  };
}

/** libvirt's word for a kind of device. */
function kindWord(parsed: ParsedDevice): string {
  const name = parsed.kind === 'other' ? parsed.name : parsed.kind;
  return ['console', 'serial', 'parallel', 'channel'].includes(name) ? 'chr' : name;
}

// -- detaching from the running domain ---------------------------------------------------------------------------------------

/** The running definition without the device, after it has gone. */
function unplug(
  image: DomainDefinitions,
  parsed: ParsedDevice,
  filesystems: LiveFilesystems | undefined,
  audit: ResourceAudit,
): DomainDefinition {
  const live = image.live!;
  const { devices } = live;
  switch (parsed.kind) {
    case 'filesystem': {
      if (!filesystems) throw noLiveChange('detached', parsed);
      const at = findFilesystem(devices, parsed.device);
      const device = filesystems.driver.pluggable(image, devices.filesystems[at]!);
      audit.note(filesystemChange('detach', device, undefined));
      const next = withDevices(live, { filesystems: without(devices.filesystems, at) });
      const rule = attempt(() => filesystemRule(device));
      filesystems.driver.unplugFilesystem(image, next, device, filesystems.label);
      if (rule) audit.noteRule('deny', image, lostRule(rule, next));
      return next;
    }
    case 'disk': {
      const at = findDisk(devices, parsed.device);
      const disk = devices.disks[at];
      if (!disk) throw libvirtError('OPERATION_FAILED', `disk ${parsed.device.target.dev} not found`);
      audit.note(diskChange('detach', disk, undefined));
      const next = withDevices(live, { disks: without(devices.disks, at) });
      const own = attempt(() => diskNode(disk)); // it may have been pulled out of the host
      unplugNode(image, next, disk.target.dev, own);
      if (own) audit.noteRule('deny', image, lostRule(ruleOf(own), next));
      return next;
    }
    case 'hostdev': {
      const { type, source, mode } = parsed.device;
      const isUsb = mode === 'subsystem' && type === 'usb';
      const isNode = mode === 'capabilities' && type !== 'net';
      if (!isUsb && !isNode) throw libvirtError('CONFIG_UNSUPPORTED', `Unsupported host device type ${type}`);
      const at = findHostdev(devices, parsed.device);
      const device = devices.hostdevs[at];
      if (!device) throw libvirtError('OPERATION_FAILED', isUsb ? 'usb device not found' : `hostdev ${source} not found`);
      audit.note(hostdevChange('detach', device));
      const next = withDevices(live, { hostdevs: without(devices.hostdevs, at) });
      const own = attempt(() => hostdevNode(device));
      const nodePath = own?.node.path ?? hostdevNodePath(device);
      if (nodePath !== undefined) unplugNode(image, next, nodePath, own);
      if (own) audit.noteRule('deny', image, lostRule(ruleOf(own), next));
      return next;
    }
    case 'interface': {
      const at = findInterface(devices, parsed);
      const device = devices.interfaces[at]!;
      audit.note(interfaceChange('detach', device, undefined));
      unplugInterface(image, device);
      releasePorts([device]);
      return withDevices(live, { interfaces: without(devices.interfaces, at) });
    }
    default:
      throw noLiveChange('detached', parsed);
  }
}

// What is put on record of a domain, in libvirt's words and order (libvirt: Audit log). Pure.
import type { DiskDevice, DomainDefinition, FilesystemDevice, HostDevice, InterfaceDevice } from '../../domain/definition.ts';
import { usedVcpus } from '../../domain/processors.ts';
import type { DomainRef } from '../../domain/ref.ts';
import type { DeviceRule } from '../../host/cgroup/devices.ts';
import { bareValue, encodeField } from './encoding.ts';

/** devices.txt: the slaves. */
const UNIX98_PTY_MAJOR = 136;

/** The kernel's numbers (linux/audit.h, libaudit.h). */
export const RECORD_TYPES = { control: 2500, resource: 2501, machine: 2502 } as const;

export interface AuditRecord {
  type: keyof typeof RECORD_TYPES;
  text: string;
  success: boolean;
}

/** Something that a container has of the host, or is given, or that is taken from it. */
export interface ResourceChange {
  resource: string;
  reason: string;
  /** The fields that are its own. */
  fields: string;
}

const UUID = /^[0-9a-f-]{36}$/;
const whose = ({ name, uuid }: DomainRef): string => `${encodeField('vm', name)} uuid=${UUID.test(uuid) ? uuid : '?'}`;

const control = (domain: DomainRef, words: string, fields: string, success = true): AuditRecord => ({
  type: 'control',
  text: `virt=lxc ${words} ${whose(domain)} ${fields}`,
  success,
});

export type StartReason = 'booted' | 'reboot';
export type StopReason = 'shutdown' | 'destroyed' | 'failed' | 'reboot';

/** `controllerPid` 0: of a start that failed. */
export const startRecord = (domain: DomainRef, reason: StartReason, controllerPid: number): AuditRecord =>
  control(domain, `op=start reason=${reason}`, `vm-pid=${controllerPid}`, controllerPid !== 0);

export const initRecord = (domain: DomainRef, pids: { controllerPid: number; initPid: number; pidNamespace: number }): AuditRecord =>
  control(domain, 'op=init', `vm-pid=${pids.controllerPid} init-pid=${pids.initPid} pid-ns=${pids.pidNamespace}`);

/** Its controller is gone then. */
export const stopRecord = (domain: DomainRef, reason: StopReason): AuditRecord => control(domain, `op=stop reason=${reason}`, 'vm-pid=0');

/** Which labels the domain has. */
export const machineRecords = (domain: DomainDefinition): AuditRecord[] =>
  domain.seclabels.map(({ label, imagelabel, model }) => ({
    type: 'machine',
    text: `virt=lxc ${whose(domain)} vm-ctx=${bareValue(label)} img-ctx=${bareValue(imagelabel)} model=${bareValue(model)}`,
    success: true,
  }));

export const resourceRecord = (domain: DomainRef, { resource, reason, fields }: ResourceChange, success: boolean): AuditRecord => ({
  type: 'resource',
  text: `virt=lxc resrc=${resource} reason=${reason} ${whose(domain)} ${fields}`,
  success,
});

/** A device rule of a container's cgroup; undefined: all that no other rule allows. libvirt promises these, but has them of virtual machines only. */
export function cgroupChange(reason: 'allow' | 'deny', directory: string | undefined, rule?: DeviceRule): ResourceChange {
  return { resource: 'cgroup', reason, fields: `${encodeField('cgroup', directory)} ${rule ? classOf(rule) : 'class=all'}` };
}

const hex = (number: number): string => number.toString(16).toUpperCase().padStart(2, '0');

function classOf({ type, major, minor, access, path }: DeviceRule): string {
  const kind = type === 'b' ? 'block' : 'char';
  if (major === null) return `class=all category=${kind} acl=${access}`;
  if (minor === null) return `class=major category=${major === UNIX98_PTY_MAJOR ? 'pty' : kind} maj=${hex(major)} acl=${access}`;
  return `class=path ${encodeField('path', path)} rdev=${hex(major)}:${hex(minor)} acl=${access}`;
}

/** What a domain has when it starts. libvirt says of a start that fails that it had all this, too. */
export function startRecords(domain: DomainDefinition): AuditRecord[] {
  const { disks, filesystems, interfaces, hostdevs, serials, parallels, consoles } = domain.devices;
  const chardevs = [...serials, ...parallels, ...consoles];
  const changes = [
    ...disks.map((disk) => diskChange('start', undefined, disk)),
    ...filesystems.map((filesystem) => filesystemChange('start', undefined, filesystem)),
    ...interfaces.map((device) => interfaceChange('start', undefined, device)),
    ...hostdevs.map((device) => hostdevChange('start', device)),
    ...chardevs.map(({ sourcePath }) => change('chardev', 'start', undefined, sourcePath)),
    numberChange('mem', 'start', 0, domain.memoryKiB),
    numberChange('vcpu', 'start', 0, usedVcpus(domain)),
  ];
  return changes.flatMap((one) => one.map((resource) => resourceRecord(domain, resource, true)));
}

/** Nothing where neither is known. */
function change(resource: string, reason: string, before: string | undefined, after: string | undefined): ResourceChange[] {
  if (before === undefined && after === undefined) return [];
  return [{ resource, reason, fields: `${encodeField(`old-${resource}`, before)} ${encodeField(`new-${resource}`, after)}` }];
}

export const numberChange = (resource: 'mem' | 'vcpu', reason: 'start' | 'update', before: number, after: number): ResourceChange[] => [
  { resource, reason, fields: `old-${resource}=${before} new-${resource}=${after}` },
];

type Plugged = 'start' | 'attach' | 'detach';

/** Only what is of this host. */
const diskSource = (disk: DiskDevice | undefined): string | undefined =>
  disk && ['block', 'file', 'dir'].includes(disk.type) ? disk.source : undefined;

export const diskChange = (reason: Plugged, before: DiskDevice | undefined, after: DiskDevice | undefined): ResourceChange[] =>
  change('disk', reason, diskSource(before), diskSource(after));

const filesystemSource = (filesystem: FilesystemDevice | undefined): string | undefined =>
  filesystem?.type === 'ram' || filesystem?.type === 'volume' ? undefined : filesystem?.source;

export const filesystemChange = (
  reason: Plugged,
  before: FilesystemDevice | undefined,
  after: FilesystemDevice | undefined,
): ResourceChange[] => change('fs', reason, filesystemSource(before), filesystemSource(after));

export const interfaceChange = (
  reason: Plugged | 'update',
  before: InterfaceDevice | undefined,
  after: InterfaceDevice | undefined,
): ResourceChange[] => change('net', reason, before?.mac, after?.mac);

const three = (number: number | undefined): string => String(number ?? 0).padStart(3, '0');

/** Of a network device libvirt has no record. */
export function hostdevChange(reason: Plugged, { mode, type, source, usb }: HostDevice): ResourceChange[] {
  if (mode === 'subsystem') {
    if (type !== 'usb') return [];
    return [{ resource: 'dev', reason, fields: `bus=usb ${encodeField('device', `${three(usb?.bus)}.${three(usb?.device)}`)}` }];
  }
  const key = { storage: 'disk', misc: 'chardev' }[type];
  return key === undefined ? [] : [{ resource: 'hostdev', reason, fields: encodeField(key, source) }];
}

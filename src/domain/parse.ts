// From domain XML to the model. The order of reading is libvirt's, so that of two mistakes the same one is reported; then what is
// missing is filled in, then parts are checked against one another.

import { libvirtError } from '../errors.ts';
import type { XmlElement } from '../xml/element.ts';
import { parseXml } from '../xml/reader.ts';
import type { DomainDefinition } from './definition.ts';
import { parseBlkiotune } from './elements/blkiotune.ts';
import { parseClock, validateClock } from './elements/clock.ts';
import { numberConsoles, validateCharDevice, validateEchoedSource, validateSerials } from './elements/console.ts';
import { addImpliedControllers, numberControllers, validateControllers } from './elements/controller.ts';
import { type ParsedCpu, parseCpu } from './elements/cpu.ts';
import { parseCputune, validateCputune } from './elements/cputune.ts';
import { parseDevices, parseLastDevices } from './elements/devices.ts';
import { validateDisk } from './elements/disk.ts';
import { assignDriveAddress, validateDiskTargets, validateDriveAddresses } from './elements/disk-address.ts';
import { parseFeatures } from './elements/features.ts';
import { validateFilesystem, validateFilesystemTags } from './elements/filesystem.ts';
import { assignHostdevAddresses, validateHostdevs } from './elements/hostdev.ts';
import { ANY_TYPE, parseIdentity, parseTexts, rejectNewline, validateName } from './elements/identity.ts';
import { parseIdmap, validateIdmap } from './elements/idmap.ts';
import { rejectUnknownModel, validateInterface } from './elements/interface.ts';
import { parseLifecycle, validateLifecycle } from './elements/lifecycle.ts';
import { parseSharedNamespaces } from './elements/lxc-namespace.ts';
import { parseMemory, parseMemoryBacking, rejectMaxMemory, settleMemory, validateMemoryBacking } from './elements/memory.ts';
import { parseMemtune } from './elements/memtune.ts';
import { parseMetadata } from './elements/metadata.ts';
import { parseNumatune } from './elements/numatune.ts';
import { parseOs, parseOsType, parseSmbios, validateOs } from './elements/os.ts';
import { parseOwn } from './elements/own-namespace.ts';
import { rejectMemoryDevices, settlePassive, validateIommu, validatePassive } from './elements/passive-devices.ts';
import { parseKeywrap, parseLaunchSecurity, parsePerf, parsePm } from './elements/power.ts';
import { parseResource } from './elements/resource.ts';
import { parseSeclabels } from './elements/seclabel.ts';
import { parseSysinfo } from './elements/sysinfo.ts';
import { hasVcpuStates, iothreadIds, parseIothreads, parseVcpu, rejectVcpuStates, validateIothreads } from './elements/vcpu.ts';

/** The facts from outside that a definition depends on. */
export interface ParseHost {
  /** The kernel's word for the machine: x86_64. */
  arch: string;
  /** The default of <emulator>. */
  emulator: string;
  /** The model of a <seclabel> that names none. */
  securityModel?: string;
  randomUuid(): string;
  randomMac(): string;
}

export interface ParseOptions {
  /** The domain of a status document: everything that only a running domain has counts, and nothing is filled in. */
  status?: boolean;
  /** What formatDomain() made for a file: nothing is filled in, checked or put in order again. */
  stored?: boolean;
  /** false: live XML, whose ids, aliases and generated names count. Default: true, or the opposite of `status`. */
  inactive?: boolean;
}

/** Throws what libvirt would for a domain that the LXC driver cannot define. */
export function parseDomain(xml: string | Uint8Array, host: ParseHost, options: ParseOptions = {}): DomainDefinition {
  return parseDomainElement(parseXml(xml, '(domain_definition)'), host, options);
}

export function parseDomainElement(root: XmlElement, host: ParseHost, options: ParseOptions = {}): DomainDefinition {
  if (root.local !== 'domain') throw libvirtError('XML_ERROR', `expecting root element of 'domain', not '${root.name}'`);
  const live = options.inactive === undefined ? options.status === true : !options.inactive;
  const readBack = options.status === true || options.stored === true;
  const { definition, numa, sizes, vcpuStates } = read(root, host, { live, readBack });
  if (readBack) {
    definition.currentMemoryKiB = sizes.currentMemoryKiB ?? definition.memoryKiB;
    if (!live) numberConsoles(definition.devices.consoles);
    return definition;
  }
  settle(definition, { numa, sizes, vcpuStates, live });
  validate(definition, numa);
  return definition;
}

interface Read {
  definition: DomainDefinition;
  numa: ParsedCpu['numa'];
  sizes: ReturnType<typeof parseMemory>;
  vcpuStates: boolean;
}

function read(root: XmlElement, host: ParseHost, context: { live: boolean; readBack: boolean }): Read {
  const { live } = context;
  const identity = parseIdentity(root, host, live);
  const osType = parseOsType(root, identity.virtType, host.arch);
  const texts = parseTexts(root);
  const seclabels = parseSeclabels(root, live, host.securityModel);
  const sizes = parseMemory(root);
  const memoryBacking = parseMemoryBacking(root);
  const blkiotune = parseBlkiotune(root);
  const memtune = parseMemtune(root);
  const vcpu = parseVcpu(root);
  rejectVcpuStates(root, vcpu.count);
  const threads = parseIothreads(root);
  const cputune = parseCputune(root, { vcpus: vcpu.count, online: vcpu.current ?? vcpu.count, iothreads: iothreadIds(threads) });
  const { cpu, numa } = parseCpu(root);
  if (numa.cpus > vcpu.count) throw libvirtError('INTERNAL_ERROR', 'Number of CPUs in <numa> exceeds the <vcpu> count');
  if (numa.highestCpu >= vcpu.count) throw libvirtError('INTERNAL_ERROR', 'CPU IDs in <numa> exceed the <vcpu> count');
  const { numatune, numaNodes } = parseNumatune(root, vcpu.placement === 'auto', numa.cells);
  const resource = parseResource(root);
  const features = parseFeatures(root);
  const lifecycle = parseLifecycle(root);
  const pm = parsePm(root);
  const perf = parsePerf(root);
  const clock = parseClock(root);
  const os = parseOs(root, osType);
  const devices = parseDevices(root, host, context);
  const launchSecurity = parseLaunchSecurity(root);
  parseLastDevices(root, devices, live);
  const idmap = parseIdmap(root);
  const sysinfo = parseSysinfo(root, identity.uuidGiven ? identity.uuid : undefined);
  const smbios = parseSmbios(root);
  if (smbios !== undefined) os.smbios = smbios;
  const keywrap = parseKeywrap(root);
  const trailing = [keywrap, launchSecurity].filter((element) => element !== undefined);
  const metadata = parseMetadata(root);
  const sharedNamespaces = parseSharedNamespaces(root, context.readBack);
  const own = parseOwn(root, context.readBack);
  // Memory that is placed automatically takes the vCPUs with it, unless they say where they are.
  if (numatune?.placement === 'auto' && vcpu.cpuset === undefined) vcpu.placement = 'auto';
  const definition: DomainDefinition = {
    ...(identity.virtType === ANY_TYPE && { virtType: ANY_TYPE }),
    id: identity.id,
    name: identity.name,
    uuid: identity.uuid,
    ...(identity.genid !== undefined && { genid: identity.genid }),
    ...texts,
    ...metadata,
    memoryKiB: sizes.memoryKiB,
    ...(sizes.memoryDumpCore && { memoryDumpCore: sizes.memoryDumpCore }),
    currentMemoryKiB: sizes.currentMemoryKiB ?? 0,
    blkiotune,
    memtune,
    ...(memoryBacking && { memoryBacking }),
    vcpu,
    ...threads,
    cputune,
    ...(numatune && { numatune }),
    numaNodes,
    ...resource,
    sysinfo,
    os,
    idmap,
    features,
    ...(cpu && { cpu }),
    clock,
    ...lifecycle,
    ...(pm && { pm }),
    ...(perf && { perf }),
    devices,
    seclabels,
    trailing,
    sharedNamespaces: sharedNamespaces ?? {},
    ...(sharedNamespaces && Object.keys(sharedNamespaces).length === 0 && { emptySharedNamespaces: true }),
    ...own,
  };
  return { definition, numa, sizes, vcpuStates: hasVcpuStates(root) };
}

/** What libvirt fills in or puts right after reading, and what it refuses while it does. */
function settle(definition: DomainDefinition, context: Omit<Read, 'definition'> & { live: boolean }): void {
  const { devices } = definition;
  numberControllers(devices.controllers);
  for (const disk of devices.disks) assignDriveAddress(disk);
  assignHostdevAddresses(
    devices.hostdevs,
    devices.disks.map(({ address }) => address),
  );
  if (!context.live) numberConsoles(devices.consoles);
  for (const device of devices.interfaces) rejectUnknownModel(device);
  rejectMemoryDevices(devices);
  validateOs(definition.os);
  Object.assign(definition, settleMemory(context.sizes, context.numa.memoryKiB));
  settlePassive(devices);
  validateControllers(devices.controllers);
  addImpliedControllers(devices);
  validateClock(definition.clock);
  rejectMaxMemory(context.sizes);
  validateName(definition.name);
  if (context.vcpuStates) throw libvirtError('CONFIG_UNSUPPORTED', 'individual CPU state configuration is not supported');
}

/** The character sources of all kinds of devices. */
function validateCharSources({ others, serials, parallels, channels, consoles }: DomainDefinition['devices']): void {
  for (const device of others) if (device.name === 'smartcard') validateEchoedSource(device);
  for (const device of [...serials, ...parallels]) validateCharDevice(device);
  for (const device of channels) validateEchoedSource(device);
  for (const device of consoles) validateCharDevice(device);
}

/** Devices first, then the domain. */
function validate(definition: DomainDefinition, numa: ParsedCpu['numa']): void {
  const { devices } = definition;
  for (const disk of devices.disks) validateDisk(disk);
  for (const device of devices.interfaces) validateInterface(device);
  for (const device of devices.filesystems) validateFilesystem(device);
  validateCharSources(devices);
  validatePassive(devices);
  validateSerials(devices.serials);
  validateIommu(definition);
  validateDiskTargets(devices.disks);
  validateDriveAddresses(devices.disks);
  validateHostdevs(devices.hostdevs);
  validateLifecycle(definition);
  validateCputune(definition.cputune);
  validateIdmap(definition.idmap);
  validateFilesystemTags(devices.filesystems);
  validateIothreads(definition);
  validateMemoryBacking(definition.memoryBacking, numa.cells);
  rejectNewline(definition.name);
}

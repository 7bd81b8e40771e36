// <devices>: every kind in libvirt's order of reading and of printing.

import type { EchoedElement } from '../../xml/echoed.ts';
import { writeEchoed } from '../../xml/echoed.ts';
import { attributeOf, childOf, childrenOf, childText, mergedChild, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DiskDevice, DomainDefinition, DomainDevices } from '../definition.ts';
import type { ParseHost } from '../parse.ts';
import { numberParallels, numberSerials, parseChannel, parseCharDevice, writeCharDevice } from './console.ts';
import { orderControllers, parseController, validateUsbDisabled, validateUsbMasters } from './controller.ts';
import { parseDisk, writeDisk } from './disk.ts';
import { orderDisks } from './disk-address.ts';
import { parseFilesystem, writeFilesystem } from './filesystem.ts';
import { parseHostdev, writeHostdev } from './hostdev.ts';
import { parseInterface, writeInterface } from './interface.ts';
import { PASSIVE_ORDER, parseEarlyPassive, parseLastPassive, parseLatePassive, parseLeases, parseSmartcards } from './passive-devices.ts';

/** `readBack`: the order of the disks is already what it should be. */
export function parseDevices(root: XmlElement, host: ParseHost, context: { live: boolean; readBack: boolean }): DomainDevices {
  const { live, readBack } = context;
  const devices = emptyDevices(host.emulator);
  const element = mergedChild(root, 'devices');
  if (element === undefined) return devices;
  devices.emulator = childText(element, 'emulator') ?? host.emulator;
  const disks = childrenOf(element, 'disk').map((child): [DiskDevice, string] => {
    const target = childOf(child, 'target');
    return [parseDisk(child, live), (target && attributeOf(target, 'bus')) ?? ''];
  });
  devices.disks = readBack ? disks.map(([disk]) => disk) : orderDisks(disks);
  devices.controllers = orderControllers(childrenOf(element, 'controller').map((child) => parseController(child, live)));
  validateUsbDisabled(devices.controllers);
  validateUsbMasters(devices.controllers);
  devices.leases = parseLeases(element);
  devices.filesystems = childrenOf(element, 'filesystem').map((child) => parseFilesystem(child, live));
  devices.interfaces = childrenOf(element, 'interface').map((child) =>
    parseInterface(child, { live, randomMac: () => host.randomMac(), randomUuid: () => host.randomUuid() }),
  );
  devices.others.push(...parseSmartcards(element, live));
  for (const [kind, list] of [
    ['parallel', devices.parallels],
    ['serial', devices.serials],
    ['console', devices.consoles],
  ] as const)
    for (const child of childrenOf(element, kind)) list.push(parseCharDevice(child, kind, live));
  numberSerials(devices.serials);
  numberParallels(devices.parallels);
  devices.channels = childrenOf(element, 'channel').map((child) => parseChannel(child, live));
  devices.others.push(...parseEarlyPassive(element, live));
  devices.hostdevs = childrenOf(element, 'hostdev').map((child) => parseHostdev(child, live));
  devices.others.push(...parseLatePassive(element, live));
  return devices;
}

/** The devices that are read after <launchSecurity>. */
export function parseLastDevices(root: XmlElement, devices: DomainDevices, live: boolean): void {
  const element = mergedChild(root, 'devices');
  if (element) devices.others.push(...parseLastPassive(element, live));
}

export function emptyDevices(emulator: string): DomainDevices {
  return {
    emulator,
    disks: [],
    controllers: [],
    leases: [],
    filesystems: [],
    interfaces: [],
    serials: [],
    parallels: [],
    consoles: [],
    channels: [],
    hostdevs: [],
    others: [],
  };
}

export function writeDevices(writer: XmlWriter, { devices }: DomainDefinition, form: { live: boolean; status?: boolean }): void {
  const { live } = form;
  const others = (names: readonly string[]): void => {
    for (const name of names)
      writeAll(
        writer,
        devices.others.filter((device) => device.name === name),
      );
  };
  writer.block('devices', [], () => {
    writer.text('emulator', devices.emulator);
    for (const disk of devices.disks) writeDisk(writer, disk, form);
    writeAll(writer, devices.controllers);
    writeAll(writer, devices.leases);
    for (const device of devices.filesystems) writeFilesystem(writer, device, form);
    for (const device of devices.interfaces) writeInterface(writer, device, form);
    others(PASSIVE_ORDER.afterInterfaces);
    for (const device of devices.serials) writeCharDevice(writer, 'serial', device, live);
    for (const device of devices.parallels) writeCharDevice(writer, 'parallel', device, live);
    for (const device of devices.consoles) writeCharDevice(writer, 'console', device, live);
    writeAll(writer, devices.channels);
    others(PASSIVE_ORDER.afterChannels);
    for (const device of devices.hostdevs) writeHostdev(writer, device);
    others(PASSIVE_ORDER.afterHostdevs);
  });
}

function writeAll(writer: XmlWriter, elements: readonly EchoedElement[]): void {
  for (const element of elements) writeEchoed(writer, element);
}

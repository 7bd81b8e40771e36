// <controller>: kept for the addresses that refer to them, and added where one refers to what is not there.

import { libvirtError } from '../../errors.ts';
import { enumAttribute, integerAttribute } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { type EchoRule, echoChild, echoedAttribute, echoedElement, integer, oneOf, onOff, positive, sizeInKiB } from '../../xml/echoed.ts';
import { attributeOf, childrenOf, type XmlElement } from '../../xml/element.ts';
import type { DomainDevices } from '../definition.ts';
import { deviceInfoElements, parseDeviceInfo } from './device-info.ts';

const TYPES = ['ide', 'fdc', 'scsi', 'sata', 'virtio-serial', 'ccid', 'usb', 'pci', 'xenbus', 'isa'] as const;
type ControllerType = (typeof TYPES)[number];

const MODELS: Readonly<Partial<Record<ControllerType, readonly string[]>>> = {
  scsi: 'auto buslogic lsilogic lsisas1068 vmpvscsi ibmvscsi virtio-scsi lsisas1078 virtio-transitional virtio-non-transitional ncr53c90 dc390 am53c974'.split(
    ' ',
  ),
  usb: 'piix3-uhci piix4-uhci ehci ich9-ehci1 ich9-uhci1 ich9-uhci2 ich9-uhci3 vt82c686b-uhci pci-ohci nec-xhci qusb1 qusb2 qemu-xhci none'.split(
    ' ',
  ),
  ide: ['piix3', 'piix4', 'ich6'],
  'virtio-serial': ['virtio', 'virtio-transitional', 'virtio-non-transitional'],
  pci: 'pci-root pcie-root pci-bridge dmi-to-pci-bridge pcie-to-pci-bridge pcie-root-port pcie-switch-upstream-port pcie-switch-downstream-port pci-expander-bus pcie-expander-bus'.split(
    ' ',
  ),
};

const DRIVER: EchoRule = {
  name: 'driver',
  omitEmpty: true,
  attributes: [
    ['queues', positive],
    ['cmd_per_lun', positive],
    ['max_sectors', positive],
    ['ioeventfd', onOff],
    ['iothread', positive],
    ['iommu', onOff],
    ['ats', onOff],
    ['packed', onOff],
    ['page_per_vq', onOff],
  ],
};

const PCI_MODEL_NAMES =
  'spapr-pci-host-bridge pci-bridge i82801b11-bridge pcie-pci-bridge ioh3420 pcie-root-port x3130-upstream xio3130-downstream pxb pxb-pcie'.split(
    ' ',
  );
const PCI_MODEL: EchoRule = { name: 'model', omitEmpty: true, attributes: [['name', oneOf(...PCI_MODEL_NAMES)]] };
const PCI_TARGET: EchoRule = {
  name: 'target',
  omitEmpty: true,
  attributes: [
    ['chassisNr', placeNumber],
    ['chassis', placeNumber],
    ['port', hexPort],
    ['busNr', placeNumber],
    ['index', placeNumber],
    ['hotplug', onOff],
  ],
  children: [{ name: 'node', text: (text) => text || undefined }],
};

/** In any base of C's; -1 would be none. */
function placeNumber(element: XmlElement, name: string): string | undefined {
  const value = integerAttribute(element, name, { base: 0, nonNegative: true });
  return value === undefined ? undefined : String(value);
}

function hexPort(element: XmlElement, name: string): string | undefined {
  const port = integerAttribute(element, name, { base: 0 });
  return port === undefined ? undefined : `0x${port.toString(16)}`;
}

/** A controller without an index gets one from numberControllers(). */
export function parseController(element: XmlElement, live: boolean): EchoedElement {
  const type = enumAttribute(element, 'type', TYPES) ?? 'ide';
  const index = integerAttribute(element, 'index', { nonNegative: true });
  const model = attributeOf(element, 'model');
  if (model !== undefined && !(MODELS[type]?.includes(model) ?? false))
    throw libvirtError('CONFIG_UNSUPPORTED', `Unknown model type '${model}'`);
  const own = ownAttributes(element, type);
  if (childrenOf(element, 'model').length > 1)
    throw libvirtError('XML_ERROR', 'Multiple <model> elements in controller definition not allowed');
  if (childrenOf(element, 'target').length > 1)
    throw libvirtError('XML_ERROR', 'Multiple <target> elements in controller definition not allowed');
  const children: EchoedElement[] = [];
  for (const rule of type === 'pci' ? [PCI_MODEL, PCI_TARGET, DRIVER, sizeInKiB('pcihole64', './pcihole64')] : [DRIVER]) {
    const echoed = echoChild(rule, element);
    if (echoed) children.push(echoed);
  }
  children.push(...deviceInfoElements(parseDeviceInfo(element, { live })));
  return echoedElement(
    'controller',
    [['type', type], ['index', index === undefined ? undefined : String(index)], ['model', model], ...own],
    children,
  );
}

function count(element: XmlElement, name: string): string | undefined {
  const value = integerAttribute(element, name, { nonNegative: true });
  return value === undefined ? undefined : String(value);
}

function ownAttributes(element: XmlElement, type: ControllerType): [string, string | undefined][] {
  switch (type) {
    case 'virtio-serial':
      return [
        ['ports', count(element, 'ports')],
        ['vectors', count(element, 'vectors')],
      ];
    case 'usb':
      return [['ports', count(element, 'ports')]];
    case 'xenbus':
      return [
        ['maxGrantFrames', integer(element, 'maxGrantFrames')],
        ['maxEventChannels', integer(element, 'maxEventChannels')],
      ];
    default:
      return [];
  }
}

/** The controllers of each type, in the order in which types appear. */
class ControllerGroups {
  readonly #groups = new Map<string, { members: EchoedElement[]; indexes: number[]; largest: number }>();

  /** As the last of its type. */
  append(controller: EchoedElement): void {
    const group = this.#group(typeOf(controller));
    const index = indexOf(controller);
    group.members.push(controller);
    group.indexes.push(index);
    group.largest = Math.max(group.largest, index);
  }

  /** Before the first of its type that has a larger index; one without an index comes last. */
  insert(controller: EchoedElement): void {
    const group = this.#group(typeOf(controller));
    const index = indexOf(controller);
    const at = index < 0 || index >= group.largest ? -1 : group.indexes.findIndex((other) => other > index);
    if (at < 0) {
      this.append(controller);
      return;
    }
    group.members.splice(at, 0, controller);
    group.indexes.splice(at, 0, index);
  }

  all(): EchoedElement[] {
    return [...this.#groups.values()].flatMap(({ members }) => members);
  }

  #group(type: string): { members: EchoedElement[]; indexes: number[]; largest: number } {
    let group = this.#groups.get(type);
    if (!group) {
      group = { members: [], indexes: [], largest: -1 };
      this.#groups.set(type, group);
    }
    return group;
  }
}

/** Together by type, by index within each. */
export function orderControllers(controllers: readonly EchoedElement[]): EchoedElement[] {
  const groups = new ControllerGroups();
  for (const controller of controllers) groups.insert(controller);
  return groups.all();
}

function typeOf(controller: EchoedElement): string {
  return echoedAttribute(controller, 'type') ?? 'ide';
}

/** -1 while it has none. */
function indexOf(controller: EchoedElement): number {
  return Number(echoedAttribute(controller, 'index') ?? -1);
}

/** Gives each controller without an index the first free one of its type. */
export function numberControllers(controllers: readonly EchoedElement[]): void {
  const taken = new Set(controllers.map((controller) => `${typeOf(controller)} ${indexOf(controller)}`));
  const next = new Map<string, number>();
  for (const controller of controllers) {
    if (indexOf(controller) >= 0) continue;
    const type = typeOf(controller);
    let free = next.get(type) ?? 0;
    while (taken.has(`${type} ${free}`)) free++;
    next.set(type, free + 1);
    controller.attributes.splice(1, 0, ['index', String(free)]);
  }
}

/** What a controller of one kind cannot have. */
function validateController(controller: EchoedElement): void {
  const child = (name: string): EchoedElement | undefined => controller.children.find((candidate) => candidate.name === name);
  const driver = child('driver');
  if (driver && echoedAttribute(driver, 'iothread') && !/^virtio/.test(echoedAttribute(controller, 'model') ?? ''))
    throw libvirtError('XML_ERROR', "'iothread' attribute only supported for virtio scsi controllers");
  const target = child('target');
  for (const name of ['chassisNr', 'chassis', 'busNr']) {
    const value = target && echoedAttribute(target, name);
    const least = name === 'chassis' ? 0 : 1;
    if (value !== undefined && (Number(value) < least || Number(value) > 255))
      throw libvirtError('CONFIG_UNSUPPORTED', `PCI controller ${name} '${value}' out of range - must be ${least}-255`);
  }
}

export function validateControllers(controllers: readonly EchoedElement[]): void {
  controllers.forEach(validateController);
  const seen = new Set<string>();
  for (const controller of controllers) {
    const [type, index] = [typeOf(controller), indexOf(controller)];
    if (type === 'usb') continue;
    const key = `${type} ${index}`;
    if (seen.has(key)) throw libvirtError('XML_ERROR', `Multiple '${type}' controllers with index '${index}'`);
    seen.add(key);
  }
}

/** A domain without USB has no controller for it. */
export function validateUsbDisabled(controllers: readonly EchoedElement[]): void {
  const usb = controllers.filter((controller) => typeOf(controller) === 'usb');
  if (usb.length > 1 && usb.some((controller) => echoedAttribute(controller, 'model') === 'none'))
    throw libvirtError('PLAIN', "Can't add another USB controller: USB is disabled for this domain");
}

/** A companion of a USB controller needs the one that it accompanies. */
export function validateUsbMasters(controllers: readonly EchoedElement[]): void {
  const isCompanion = (controller: EchoedElement): boolean => controller.children.some(({ name }) => name === 'master');
  const masters = new Set(controllers.filter((other) => typeOf(other) === 'usb' && !isCompanion(other)).map(indexOf));
  for (const companion of controllers)
    if (isCompanion(companion) && !masters.has(indexOf(companion))) throw libvirtError('PLAIN', 'No master USB controller specified');
}

/**
 * More controllers of one bus than any machine has: a place beyond is a slip of the pen.
 * Differs from libvirt, which makes a controller for each number below the place, for as long as that takes.
 */
const MOST_CONTROLLERS = 4096;

/** Adds the controllers that addresses and devices rely on. Throws CONFIG_UNSUPPORTED where those are too many. */
export function addImpliedControllers(devices: DomainDevices): void {
  const groups = new ControllerGroups();
  for (const controller of devices.controllers) groups.append(controller);
  const known = new Set(devices.controllers.map((controller) => `${typeOf(controller)} ${indexOf(controller)}`));
  const add = (type: ControllerType, index: number): void => {
    if (known.has(`${type} ${index}`)) return;
    known.add(`${type} ${index}`);
    groups.insert(
      echoedElement('controller', [
        ['type', type],
        ['index', String(index)],
      ]),
    );
  };
  const upTo = (type: ControllerType, largest: number): void => {
    for (let index = 0; index <= largest; index++) add(type, index);
  };
  for (const bus of ['scsi', 'fdc', 'ide', 'sata'] as const) {
    let largest = -1;
    const place = (address: EchoedElement | undefined, what: string): void => {
      const index = driveController(address);
      if (index >= MOST_CONTROLLERS)
        throw libvirtError(
          'CONFIG_UNSUPPORTED',
          `${what} is on ${bus} controller ${index}, but a domain has at most ${MOST_CONTROLLERS} of them`,
        );
      largest = Math.max(largest, index);
    };
    for (const disk of devices.disks) if (disk.target.bus === bus) place(disk.address, `disk '${disk.target.dev}'`);
    for (const hostdev of devices.hostdevs) if (bus === 'scsi' && hostdev.type === 'scsi') place(hostdev.address, 'scsi host device');
    upTo(bus, largest);
  }
  for (const console of devices.consoles) if (console.targetType === 'virtio') add('virtio-serial', virtioSerialIndex(console.address));
  for (const channel of devices.channels) {
    const isVirtio = channel.children.some((child) => child.name === 'target' && echoedAttribute(child, 'type') === 'virtio');
    if (isVirtio) add('virtio-serial', virtioSerialIndex(channel.children.find(({ name }) => name === 'address')));
  }
  if (devices.others.some(({ name }) => name === 'smartcard')) upTo('ccid', 0);
  devices.controllers = groups.all();
}

function virtioSerialIndex(address: EchoedElement | undefined): number {
  return Number((address && echoedAttribute(address, 'controller')) ?? 0);
}

function driveController(address: EchoedElement | undefined): number {
  if (address === undefined || echoedAttribute(address, 'type') !== 'drive') return -1;
  return Number(echoedAttribute(address, 'controller') ?? -1);
}
